"""Reconciliation: runs that compare a target with the hub, what was observed there, and what did not agree."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7
from apps.distribution.models.lanes import Lane
from apps.distribution.models.subscriptions import Subscription


class ReconciliationRun(models.Model):
    """One comparison of a target with the hub, page by page; `place` says where the next page begins."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    place = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    asked_by = models.CharField(max_length=150)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)
        constraints: ClassVar = (
            models.UniqueConstraint(
                fields=("connection",), condition=Q(state="running"), name="reconciliation_one_running"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection_id} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def tally(self) -> dict[str, int]:
        """The counts under names that templates can say."""
        return {name.replace(" ", "_"): number for name, number in self.counts.items()}


class Observation(models.Model):
    """What a target was last seen to hold for a lane's record."""

    lane = models.OneToOneField(Lane, primary_key=True, on_delete=models.CASCADE, related_name="observation")
    run = models.ForeignKey(
        ReconciliationRun,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Null: somebody looked at this one record.",
    )
    native_id = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=200, blank=True)
    values = models.JSONField(help_text="Empty: it was not there.")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lane_id} seen {self.seen_at:%Y-%m-%d %H:%M}"


class FindingKind(models.TextChoices):
    MISSING = "missing"
    STALE = "stale"
    DRIFTED = "drifted"
    EXTRA = "extra"
    DUPLICATE = "duplicate"


class FindingState(models.TextChoices):
    OPEN = "open"  # a person decides
    HEALING = "healing"  # the lane was made due again
    PUSHED = "pushed"
    ADOPTED = "adopted"
    WAIVED = "waived"
    SETTLED = "settled"  # a later run found nothing any more


class Finding(models.Model):
    """One record on which a target and the hub do not agree. `fields`: list of field, attribute, desired,
    acknowledged, observed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(ReconciliationRun, on_delete=models.CASCADE, related_name="findings")
    lane = models.ForeignKey(Lane, null=True, on_delete=models.CASCADE, related_name="+")
    record = models.ForeignKey(
        "golden.GoldenRecord", null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=FindingKind.choices)
    state = models.CharField(max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    external_id = models.CharField(max_length=200)
    native_id = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=200, blank=True)
    fields = models.JSONField(default=list)
    observed = models.JSONField(default=dict, help_text="The record as the target holds it.")
    fingerprint = models.CharField(max_length=32, help_text="Of the fields that differ and what they hold.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-last_seen", "id")
        constraints: ClassVar = (
            models.UniqueConstraint(
                fields=("subscription", "kind", "external_id", "native_id"), name="finding_once"
            ),
        )
        indexes = (models.Index(fields=("state", "connection", "kind"), name="finding_queue"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
