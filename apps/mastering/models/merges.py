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
    stayed = models.JSONField(
        default=list, help_text="Ids of the source records that were the survivor's own then."
    )
    methods = models.JSONField(
        default=dict, help_text="How each of them had come to the loser, by source record."
    )
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


class Unmerge(models.Model):
    """Source records taken out of a golden record: into the loser of a merge, live again, or into a new record."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    home = models.ForeignKey("golden.GoldenRecord", on_delete=models.PROTECT, related_name="unmerges")
    away = models.ForeignKey("golden.GoldenRecord", on_delete=models.PROTECT, related_name="unmerged_by")
    merge = models.ForeignKey(
        Merge, null=True, on_delete=models.PROTECT, related_name="unmerges", help_text="The merge it undid."
    )
    moved = models.JSONField(help_text="Ids of the source records that left.")
    choices = models.JSONField(
        default=dict, help_text="To which side later edits, requests and children went."
    )
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=150, default=current_actor_name)
    correlation_id = models.UUIDField(default=current_correlation_id)
    unmerged_at = models.DateTimeField()

    class Meta:
        ordering = ("-unmerged_at", "-id")
        constraints = (models.CheckConstraint(condition=~Q(home=F("away")), name="unmerge_of_two_records"),)

    def __str__(self) -> str:
        return f"{self.away_id} out of {self.home_id}"
