"""Which target wants which entity, and how each target is doing: limits, breaker, hold."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.history import History


class SubscriptionMode(models.TextChoices):
    STATE = "state"  # the newest approved version is enough
    EVENT = "event"  # every version, one after the other


class Subscription(models.Model):
    """A target takes the golden records of one entity through one outbound mapping."""

    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="subscriptions"
    )
    entity = models.CharField(max_length=40)
    mapping = models.CharField(max_length=100, help_text="Outbound mapping; its active version is used.")
    mode = models.CharField(max_length=10, choices=SubscriptionMode.choices, default=SubscriptionMode.STATE)
    priority = models.PositiveSmallIntegerField(
        default=50, help_text="Lower goes first; parents before children."
    )
    active = models.BooleanField(default=True, help_text="Without: new changes make no deliveries.")
    paused = models.BooleanField(default=False, help_text="Changes queue up but are not delivered.")
    history = History()

    class Meta:
        ordering = ("connection", "priority", "entity")
        constraints: ClassVar = (
            models.UniqueConstraint(fields=("connection", "mapping"), name="subscription_once_per_mapping"),
        )

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.entity} through {self.mapping}"


class BreakerState(models.TextChoices):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open", "half open"


class TargetState(models.Model):
    """Limits and health of one target, shared by every worker; locked while lanes are claimed."""

    connection = models.OneToOneField(
        "connectors.Connection", primary_key=True, on_delete=models.CASCADE, related_name="delivery_state"
    )
    paused = models.BooleanField(default=False)
    paused_reason = models.CharField(max_length=300, blank=True)
    max_inflight = models.PositiveSmallIntegerField(default=4, help_text="Calls at one time.")
    batch_size = models.PositiveSmallIntegerField(
        default=1, help_text="Records per call, where the target can."
    )
    rate_per_second = models.FloatField(
        null=True, blank=True, help_text="Calls per second; empty: unlimited."
    )
    tokens = models.FloatField(default=0)
    tokens_at = models.DateTimeField(null=True)
    breaker_state = models.CharField(max_length=10, choices=BreakerState.choices, default=BreakerState.CLOSED)
    open_until = models.DateTimeField(null=True)
    trips = models.PositiveSmallIntegerField(default=0, help_text="Openings without a success in between.")
    fail_run = models.PositiveIntegerField(default=0, help_text="Failures in a row.")
    fail_lanes = ArrayField(
        models.BigIntegerField(), default=list, help_text="Lanes of the running failures."
    )
    recent = models.CharField(
        max_length=20, blank=True, help_text="Last results, 1 good and 0 bad, newest last."
    )
    hold_until = models.DateTimeField(null=True)
    hold_code = models.CharField(max_length=60, blank=True)
    hold_note = models.CharField(max_length=300, blank=True)
    hold_run = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = (
            models.CheckConstraint(
                condition=Q(breaker_state="closed", open_until__isnull=True)
                | Q(~Q(breaker_state="closed"), open_until__isnull=False),
                name="target_open_until_when_open",
            ),
            models.CheckConstraint(
                condition=Q(max_inflight__gte=1, batch_size__gte=1), name="target_limits_from_1"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection_id}: {'paused' if self.paused else self.breaker_state}"
