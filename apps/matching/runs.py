"""Re-match runs: a durable state machine with a cursor per phase, and the work lists of the running one."""

from django.db import models
from django.db.models import F, Q

from apps.audit.history import current_actor_name
from apps.core.ids import uuid7


class MatchRun(models.Model):
    """One re-match of an entity: what is asked, how far it is, who works on it until when, and what it found."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        CANCELLING = "cancelling"
        CANCELLED = "cancelled"
        DONE = "done"
        FAILED = "failed"

    class Mode(models.TextChoices):
        FULL = "full", "everything anew"
        CHANGED = "changed", "what changed since the last run"

    class Phase(models.TextChoices):
        PREPARE = "prepare", "prepare and key records"
        PAIRS = "pairs", "find candidate pairs"
        SCORE = "score", "score pairs"
        CLUSTER = "cluster", "cluster"
        APPLY = "apply", "apply"
        REVIEW = "review", "open reviews"

    ACTIVE = (Status.QUEUED, Status.RUNNING, Status.CANCELLING)
    RESUMABLE = (Status.CANCELLED, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    rule_version = models.PositiveIntegerField()
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.FULL)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.PREPARE)
    cursor = models.JSONField(null=True, help_text="Where the phase goes on; null: at its beginning.")
    done = models.PositiveIntegerField(default=0, help_text="Units of the phase that are done.")
    total = models.PositiveIntegerField(default=0, help_text="Units the phase has.")
    phases = models.JSONField(default=dict, help_text="Per phase: seconds, CPU seconds, units.")
    since = models.DateTimeField(null=True, help_text="Mode 'changed': records standardized from here on.")

    token = models.PositiveIntegerField(default=0, help_text="Grows with each taking; fences a late worker.")
    leased_by = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True, help_text="The worker's last sign of life.")

    started_by = models.CharField(max_length=150, default=current_actor_name)
    started_at = models.DateTimeField()
    phase_began_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    records = models.PositiveIntegerField(default=0)
    pairs = models.PositiveIntegerField(default=0)
    matches = models.PositiveIntegerField(default=0, help_text="Pairs in the automatic band.")
    merges = models.PositiveIntegerField(default=0)
    splits = models.PositiveIntegerField(default=0, help_text="Source records that left their golden record.")
    changed = models.PositiveIntegerField(default=0, help_text="Golden records that are others now.")
    vetoed = models.PositiveIntegerField(default=0, help_text="Merges that a veto stopped.")
    reviews = models.PositiveIntegerField(default=0, help_text="Reviews opened.")
    closed = models.PositiveIntegerField(default=0, help_text="Reviews that need no answer any more.")
    left_out = models.PositiveIntegerField(default=0, help_text="Reviews that wait for room in the queue.")
    takeovers = models.PositiveIntegerField(default=0, help_text="Times another worker went on with it.")
    peak_memory_mb = models.PositiveIntegerField(default=0)
    log = models.TextField(blank=True)

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity",),
                condition=Q(status__in=("queued", "running", "cancelling")),
                name="match_run_one_active_per_entity",
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.started_at:%Y-%m-%d %H:%M} {self.status}"

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE


class RunPair(models.Model):
    """A candidate pair the running re-match of its entity has still to score."""

    pk = models.CompositePrimaryKey("left_id", "right_id")
    left = models.ForeignKey(
        "sources.SourceRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    right = models.ForeignKey(
        "sources.SourceRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    entity = models.CharField(max_length=40)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(left__lt=F("right")), name="run_pair_ordered"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.left_id} {self.right_id}"


class RunSeed(models.Model):
    """A record whose neighbourhood the running re-match of its entity has still to decide again."""

    source_record = models.OneToOneField(
        "sources.SourceRecord",
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
    )
    entity = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.entity} {self.source_record_id}"
