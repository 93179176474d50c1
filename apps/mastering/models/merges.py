"""Merges as they happened, with what it takes to undo them."""

from django.db import models
from django.db.models import F, Q

from apps.audit.history import current_actor_name, current_correlation_id
from apps.core.ids import uuid7


class Merge(models.Model):
    """A merge as it happened, with what it takes to undo it: which members came from the loser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    survivor = models.ForeignKey("golden.GoldenRecord", on_delete=models.PROTECT, related_name="merges")
    loser = models.ForeignKey("golden.GoldenRecord", on_delete=models.PROTECT, related_name="merged_by")
    moved = models.JSONField(help_text="Ids of the source records that moved to the survivor.")
    before = models.JSONField(help_text="Documents of both records before the merge, by id.")
    method = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=150, default=current_actor_name)
    correlation_id = models.UUIDField(default=current_correlation_id)
    merged_at = models.DateTimeField()
    unmerged_at = models.DateTimeField(null=True, blank=True)
    unmerged_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-merged_at",)
        constraints = (
            models.CheckConstraint(condition=~Q(survivor=F("loser")), name="merge_of_two_records"),
        )

    def __str__(self) -> str:
        return f"{self.loser_id} into {self.survivor_id}"
