"""Simulations of rules: what was asked, how far it is, and what it told of which state of the data."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.audit.history import current_actor_name
from apps.core.ids import uuid7


class Simulation(models.Model):
    """One simulation of a draft; its report is kept and belongs to the draft as it was and to its data.

    Whoever works on it holds a lease: `token` counts the claims, and only the last one writes.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = (Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40, blank=True, help_text="Empty: all entities.")
    match_rule = models.BigIntegerField(null=True, blank=True, help_text="Id of the version that is tried.")
    ownership = models.BigIntegerField(null=True, blank=True)
    survivorship = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    rules = models.CharField(max_length=40, blank=True, help_text="The draft as it was, in one word.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(max_length=100, blank=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    report = models.JSONField(null=True, blank=True)
    summary = models.JSONField(default=dict, blank=True, help_text="The report's counts, for lists.")
    error = models.TextField(blank=True)
    started_by = models.CharField(max_length=150, default=current_actor_name)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    token = models.PositiveIntegerField(default=0, help_text="How often a worker took it up.")
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at",)
        indexes = (
            models.Index(fields=("match_rule", "-requested_at"), name="simulation_match_rule"),
            models.Index(
                fields=("requested_at",),
                condition=models.Q(status__in=("queued", "running")),
                name="simulation_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject or self.entity} ({self.status})"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class SimulatedRecord(models.Model):
    """A golden record that would be another: the whole list behind the counts of a report."""

    pk = models.CompositePrimaryKey("simulation_id", "record_id")
    simulation = models.ForeignKey(
        Simulation, on_delete=models.CASCADE, related_name="records", db_index=False
    )
    record_id = models.UUIDField()
    entity = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    attributes = ArrayField(models.CharField(max_length=60), help_text="What changes at once.")
    held = models.PositiveIntegerField(help_text="Changes that would wait for an approver.")
    worth = models.FloatField()

    class Meta:
        indexes = (models.Index(fields=("simulation", "-worth", "record_id"), name="simulated_record_worth"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.record_id} {self.kind}"


class Recomputation(models.Model):
    """Golden records computed again because rules changed: a run with a place to go on from, like a re-match."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = (Status.QUEUED, Status.RUNNING)
    RESUMABLE = (Status.FAILED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    cause = models.CharField(max_length=200)
    entities = models.JSONField(help_text="Names, in the order they are worked on.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    at = models.PositiveIntegerField(default=0, help_text="Position in `entities`.")
    cursor = models.UUIDField(null=True, blank=True, help_text="The last golden record that is done.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0, help_text="Golden records with other values.")
    held = models.PositiveIntegerField(default=0, help_text="Golden records with changes that wait.")
    passed_over = models.PositiveIntegerField(default=0, help_text="Records the hub failed on; see the log.")
    log = models.TextField(blank=True)
    token = models.PositiveIntegerField(default=0, help_text="How often a worker took it up.")
    takeovers = models.PositiveIntegerField(default=0, help_text="Workers lost since it last moved on.")
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=150, default=current_actor_name)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at",)
        indexes = (
            models.Index(
                fields=("requested_at",),
                condition=models.Q(status__in=("queued", "running")),
                name="recomputation_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cause} ({self.status})"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def share(self) -> float:
        return min(1.0, self.done / self.total) if self.total else float(self.status == self.Status.DONE)
