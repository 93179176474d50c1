"""Match rules, candidate pairs with their evidence and people's decisions; with what is derived and the runs."""

from django.db import models
from django.db.models import F, Q

from apps.audit.history import History, current_actor_name
from apps.audit.versioning import VersionedRule
from apps.core.ids import uuid7
from apps.matching.derived import BlockingKey, ComparedPair, HeldPair, PreparedRecord, ReviewLimit
from apps.matching.runs import MatchRun, RunPair, RunSeed
from apps.matching.snapshots import DataMoment, PairSnapshot

__all__ = [
    "BlockingKey",
    "CandidatePair",
    "ComparedPair",
    "DataMoment",
    "HeldPair",
    "MatchRule",
    "MatchRun",
    "PairDecision",
    "PairSnapshot",
    "PairStatus",
    "PatternDecision",
    "PreparedRecord",
    "ReviewLimit",
    "RunPair",
    "RunSeed",
    "TrainingReport",
    "Verdict",
]


class MatchRule(VersionedRule):
    """One version of how records of an entity find each other: thresholds, blocking, learned weights."""

    entity = models.CharField(max_length=40)
    config = models.JSONField(help_text="The engine's configuration: attributes, passes, thresholds.")
    model = models.JSONField(help_text="Learned weights per attribute and level.")
    based_on = models.PositiveIntegerField(null=True, blank=True, help_text="Version the draft was made of.")
    edits = models.JSONField(
        default=list, blank=True, help_text="What people changed: before, after, reason, who, when."
    )
    editors = models.JSONField(
        default=list, blank=True, help_text="Who changed the draft: somebody else activates it."
    )
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
    value = models.FloatField(
        null=True, help_text="What hangs on the answer, in points; null: not rated yet."
    )
    stakes = models.JSONField(null=True, help_text="What the points come from.")
    pattern = models.ForeignKey(
        "PatternDecision", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False,
        help_text="The decision on a whole pattern that answers it, or is about to.",
    )  # fmt: skip
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
        indexes = (
            models.Index(fields=("entity", "status", "-probability"), name="candidate_pair_queue"),
            models.Index(
                fields=("pattern",), condition=Q(pattern__isnull=False), name="candidate_pair_pattern"
            ),
        )

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
    rule_version = models.PositiveIntegerField(null=True, help_text="The match rule the evidence is of.")
    evidence = models.JSONField(
        null=True, help_text="What the person saw, as in a candidate pair; null: no comparison was shown."
    )
    pattern = models.ForeignKey(
        "PatternDecision", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    history = History()

    class Meta:
        ordering = ("-decided_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("left", "right"), condition=Q(withdrawn_at__isnull=True), name="pair_decision_unique"
            ),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="pair_decision_ordered"),
        )
        indexes = (
            models.Index(
                fields=("pattern",), condition=Q(pattern__isnull=False), name="pair_decision_pattern"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verdict} by {self.decided_by}"


class PatternDecision(models.Model):
    """A person's word on all open pairs of one evidence signature at once; taken back as a whole."""

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        UNDOING = "undoing"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    signature = models.TextField(help_text="Attribute and kind of agreement of each compared attribute.")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    pairs = models.PositiveIntegerField(help_text="Open pairs it was said of.")
    checked = models.PositiveIntegerField(help_text="Pairs of the sample that the person looked at.")
    refused = models.JSONField(default=list, help_text="Pairs left open, each with the reason.")
    decided_by = models.CharField(max_length=150, default=current_actor_name)
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField()
    undone_by = models.CharField(max_length=150, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.TextField(blank=True)
    history = History()

    class Meta:
        ordering = ("-decided_at",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(status__in=("undoing", "undone")) | Q(undone_at__isnull=False),
                name="pattern_decision_undone_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.verdict} on {self.pairs} pairs by {self.decided_by}"


class TrainingReport(models.Model):
    """What people's labels made of a match rule: before and after on labels that were held back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.OneToOneField(MatchRule, on_delete=models.CASCADE, related_name="training_report")
    base_version = models.PositiveIntegerField(help_text="The version that was refined.")
    labels = models.PositiveIntegerField()
    report = models.JSONField()
    made_by = models.CharField(max_length=150, default=current_actor_name)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{self.rule} on {self.labels} labels"
