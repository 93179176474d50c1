"""What systems send by themselves: each message once, with what became of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7


class InboxState(models.TextChoices):
    WAITING = "waiting"  # a worker fetches what it names
    LANDED = "landed"
    IGNORED = "ignored"  # of nothing the hub takes
    REJECTED = "rejected"  # cannot be read or landed; a person corrects or dismisses it
    DISMISSED = "dismissed"


class InboxMessage(models.Model):
    """A verified message of a system. Content may hold personal values, as raw rows do: whoever may unmask sees it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey("connectors.Connection", on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=200, help_text="Of the sender; the same when it comes again.")
    content = models.JSONField(help_text="As it came; text where it is no JSON.")
    content_hash = models.BinaryField(max_length=16)
    corrected = models.JSONField(null=True, help_text="As a person corrected it.")
    state = models.CharField(max_length=10, choices=InboxState.choices, default=InboxState.WAITING)
    code = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it waits, was ignored or rejected.")
    object = models.CharField(max_length=100, blank=True)
    native_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    origin = models.CharField(max_length=200, blank=True, help_text="Who caused it, in the sender's words.")
    occurred_at = models.DateTimeField(null=True, help_text="By the sender's account.")
    received_at = models.DateTimeField()
    repeats = models.PositiveIntegerField(default=0, help_text="How often the same came again.")
    conflicts = models.PositiveIntegerField(
        default=0, help_text="How often something else came under its id; that was refused."
    )
    last_at = models.DateTimeField(help_text="When it came last.")
    next_at = models.DateTimeField(help_text="While it waits: not before.")
    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How often the system was read and did not show yet what this says.",
    )
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    load = models.ForeignKey("sources.Load", null=True, on_delete=models.SET_NULL, related_name="+")
    counts = models.JSONField(default=dict, help_text="What landing it came to.")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints: ClassVar = (
            models.UniqueConstraint(fields=("connection", "message_id"), name="inbox_message_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at__isnull=True)
                | Q(~Q(state="waiting"), settled_at__isnull=False, lease_until__isnull=True),
                name="inbox_settled_unless_waiting",
            ),
        )
        indexes = (
            models.Index(
                fields=("connection", "next_at"), condition=Q(state="waiting"), name="inbox_waiting"
            ),
            models.Index(fields=("connection", "-received_at"), name="inbox_connection"),
            models.Index(fields=("state", "-received_at"), name="inbox_state"),
            models.Index(fields=("load",), condition=Q(load__isnull=False), name="inbox_load"),
        )

    def __str__(self) -> str:
        return f"{self.connection_id} {self.message_id}"


class RefusedWebhooks(models.Model):
    """Requests in a connection's name that were not signed as it signs: how many, and why the last."""

    connection = models.OneToOneField(
        "connectors.Connection", primary_key=True, on_delete=models.CASCADE, related_name="refused_webhooks"
    )
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.count} refused"
