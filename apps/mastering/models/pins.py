"""Pins: values that people set on golden records."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.audit.history import History, current_actor_name
from apps.core.ids import uuid7


class Pin(models.Model):
    """A steward's value for one attribute of one golden record; it outranks every rule until it ends.

    It belongs to the golden record, not to its members: it survives re-matching, and a merge inherits it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="pins")
    attribute = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    reason = models.TextField()
    pinned_by = models.CharField(max_length=150, default=current_actor_name)
    pinned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="From then on the rules decide again.")
    ended_at = models.DateTimeField(null=True, blank=True)
    history = History()

    class Meta:
        ordering = ("-pinned_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("record", "attribute"),
                condition=Q(ended_at__isnull=True),
                name="pin_one_per_attribute",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("pinned_at")),
                name="pin_expires_after_it_begins",
            ),
        )
        indexes = (
            models.Index(
                fields=("expires_at",),
                condition=Q(ended_at__isnull=True, expires_at__isnull=False),
                name="pin_expiring",
            ),
            GinIndex(
                fields=("value",),
                opclasses=("jsonb_path_ops",),
                condition=Q(ended_at__isnull=True),
                name="pin_value",  # who was made to refer to a record
            ),
        )

    def __str__(self) -> str:
        return f"{self.attribute} of {self.record_id}"
