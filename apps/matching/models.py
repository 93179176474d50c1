"""Match rules, blocking keys, candidate pairs with their evidence, people's decisions and re-match runs."""

from django.db import models
from django.db.models import F, Q

from apps.audit.history import History, current_actor_name
from apps.audit.versioning import VersionedRule
from apps.core.ids import uuid7


class MatchRule(VersionedRule):
    """One version of how records of an entity find each other: thresholds, blocking, learned weights."""

    entity = models.CharField(max_length=40)
    config = models.JSONField(help_text="The engine's configuration: attributes, passes, thresholds.")
    model = models.JSONField(help_text="Learned weights per attribute and level.")
    history = History()

    class Meta:
        ordering = ("entity", "-version")
        constraints = (
            models.UniqueConstraint(fields=("entity", "version"), name="match_rule_version_unique"),
            models.UniqueConstraint(
                fields=("entity",), condition=Q(status="active"), name="match_rule_one_active_per_entity"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity} match rule v{self.version} ({self.status})"


class BlockingKey(models.Model):
    """A stable 64-bit key of a source record; records that share one are compared."""

    id = models.BigAutoField(primary_key=True)
    source_record = models.ForeignKey("sources.SourceRecord", on_delete=models.CASCADE, related_name="+")
    entity = models.CharField(max_length=40)
    key = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("entity", "key"), name="blocking_key_entity_key"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.key:x}"


class PairStatus(models.TextChoices):
    OPEN = "open"  # waits for a steward
    AUTO = "auto", "joined by rule"
    MATCH = "match", "match"
    NOT_MATCH = "not_match", "not a match"
    OBSOLETE = "obsolete", "answered by later data"


class CandidatePair(models.Model):
    """Two source records that may be one, with the evidence; `left` has the smaller id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    left = models.ForeignKey("sources.SourceRecord", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("sources.SourceRecord", on_delete=models.CASCADE, related_name="+")
    probability = models.FloatField(help_text="0 to 1.")
    weight = models.FloatField(help_text="Bits of evidence for a match, prior included.")
    evidence = models.JSONField(help_text="Per attribute: values, similarity, level, weight.")
    rule_version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=PairStatus.choices)
    found_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    history = History()

    class Meta:
        ordering = ("-probability",)
        constraints = (
            models.UniqueConstraint(fields=("left", "right"), name="candidate_pair_unique"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="candidate_pair_ordered"),
            models.CheckConstraint(
                condition=Q(probability__gte=0) & Q(probability__lte=1), name="candidate_pair_probability"
            ),
        )
        indexes = (models.Index(fields=("entity", "status", "-probability"), name="candidate_pair_queue"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.probability:.0%}"


class Verdict(models.TextChoices):
    MATCH = "match"
    NEVER = "never", "never-match"


class PairDecision(models.Model):
    """A person's word on two source records: binding for ever, until a person takes it back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    left = models.ForeignKey("sources.SourceRecord", on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey("sources.SourceRecord", on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    decided_by = models.CharField(max_length=150, default=current_actor_name)
    decided_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    history = History()

    class Meta:
        ordering = ("-decided_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("left", "right"), condition=Q(withdrawn_at__isnull=True), name="pair_decision_unique"
            ),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="pair_decision_ordered"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} by {self.decided_by}"


class MatchRun(models.Model):
    """One scheduled or started re-match of an entity: what it found, how long it took, its log."""

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    rule_version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_by = models.CharField(max_length=150, default=current_actor_name)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    records = models.PositiveIntegerField(default=0)
    pairs = models.PositiveIntegerField(default=0)
    merges = models.PositiveIntegerField(default=0)
    reviews = models.PositiveIntegerField(default=0)
    log = models.TextField(blank=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.entity} {self.started_at:%Y-%m-%d %H:%M} {self.status}"
