"""Outbox events: written in the transaction of the change they tell of, read by whoever distributes it."""

from django.db import models
from django.db.models.functions import Cast

from apps.audit.history import current_actor_name, current_correlation_id
from apps.core.ids import uuid7

CURRENT_TRANSACTION = Cast(
    Cast(models.Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()
)


class OutboxEvent(models.Model):
    """One approved change of one golden record; `seq` is the record's version, dense per record."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey(
        "golden.GoldenRecord",
        on_delete=models.CASCADE,
        related_name="events",
        db_index=False,  # the unique key begins with it
    )
    entity = models.CharField(max_length=40)
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40, help_text="created, updated, merged, unmerged, retired")
    changed = models.JSONField(
        default=list, help_text="Names of the attributes and collections that changed."
    )
    payload = models.JSONField(help_text="The whole golden document after the change.")
    actor = models.CharField(max_length=150, default=current_actor_name)
    reason = models.TextField(blank=True)
    correlation_id = models.UUIDField(default=current_correlation_id)
    created_at = models.DateTimeField()
    tx = models.BigIntegerField(
        db_default=CURRENT_TRANSACTION,
        editable=False,
        help_text="Transaction that wrote the event: a reader that stays behind the oldest running one skips nothing.",
    )

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("record", "seq"), name="outbox_one_event_per_version"),
        )
        indexes = (
            models.Index(fields=("correlation_id",), name="outbox_correlation"),
            models.Index(fields=("entity", "created_at"), name="outbox_entity_time"),
            models.Index(fields=("tx", "id"), name="outbox_commit_order"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.record_id} v{self.seq} {self.type}"
