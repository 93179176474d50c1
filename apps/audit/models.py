"""The append-only list of decisions and deeds that are not rows of a history table."""

from django.db import models

from apps.audit.history import current_actor_name, current_correlation_id
from apps.core.ids import uuid7


class AuditEvent(models.Model):
    """One deed: who did which verb to what, why and in which business transaction."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150, default=current_actor_name)
    verb = models.CharField(max_length=60)
    entity = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, help_text="Golden record concerned, if it is one.")
    subject = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    correlation_id = models.UUIDField(default=current_correlation_id)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("record_id", "-at"), name="audit_event_record"),
            models.Index(fields=("correlation_id",), name="audit_event_correlation"),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"
