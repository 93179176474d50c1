"""Every attempt at a delivery: inserted before the call, completed once, never changed after that."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7
from apps.distribution.models.lanes import Lane


class Op(models.TextChoices):
    UPSERT = "upsert"
    DEACTIVATE = "deactivate"


class Outcome(models.TextChoices):
    """What became of an attempt; empty while it runs."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  # the target holds this already
    CONFIRMED = "confirmed"  # looked up after an unknown outcome: it had arrived
    SKIPPED = "skipped"  # nothing to do there, or skipped by a person
    PENDING = "pending"  # taken by the target, not carried out yet
    RETRY = "retry"
    WAITING = "waiting"  # for a record that must be there first
    UNKNOWN = "unknown"  # sent, no answer
    HELD = "held"  # refused for a reason of the target as a whole; not charged
    PARKED = "parked"
    CRASHED = "crashed"  # the worker died
    FENCED = "fenced"  # finished after its lease was lost


class DeliveryAttempt(models.Model):
    """One attempt; a database trigger refuses changes once `ended_at` is set."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="tries")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="+")
    # See ExternalRef.record.
    record = models.ForeignKey(
        "golden.GoldenRecord", on_delete=models.CASCADE, related_name="deliveries", db_constraint=False
    )
    seq = models.PositiveIntegerField()
    op = models.CharField(max_length=10, choices=Op.choices)
    key = models.UUIDField(help_text="Idempotency key: the same for every attempt at this payload.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=1000, blank=True)
    payload = models.JSONField(null=True, help_text="What was sent, personal attributes masked.")
    payload_hash = models.BinaryField(max_length=16, null=True)
    response = models.CharField(max_length=2000, blank=True, help_text="Excerpt, personal attributes masked.")
    mapping = models.CharField(max_length=100)
    mapping_version = models.CharField(max_length=40)
    worker = models.CharField(max_length=100)
    token = models.PositiveBigIntegerField()
    actor = models.CharField(max_length=150, help_text="Who caused the change.")
    correlation_id = models.UUIDField()

    class Meta:
        ordering = ("-started_at", "-id")
        constraints: ClassVar = (
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(Q(ended_at__isnull=False), ~Q(outcome="")),
                name="attempt_ended_with_outcome",
            ),
        )
        indexes = (
            models.Index(fields=("lane", "-started_at"), name="attempt_lane"),
            models.Index(fields=("record", "-started_at"), name="attempt_record"),
            models.Index(fields=("correlation_id",), name="attempt_correlation"),
            models.Index(fields=("connection", "-started_at"), name="attempt_connection"),
            models.Index(fields=("lane",), condition=Q(ended_at__isnull=True), name="attempt_open"),
        )

    def __str__(self) -> str:
        return f"{self.connection_id} {self.record_id} v{self.seq}: {self.outcome or 'running'}"
