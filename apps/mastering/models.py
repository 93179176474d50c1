"""Ownership rules, pins and merges."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.audit.history import History, current_actor_name, current_correlation_id
from apps.audit.versioning import VersionedRule
from apps.core.ids import uuid7
from apps.mastering.engine.ownership import ANY, Verdict


class OwnershipMatrix(VersionedRule):
    """One version of who owns what; exactly one is active."""

    history = History()

    class Meta:
        ordering = ("-version",)
        verbose_name_plural = "ownership matrices"
        constraints = (
            models.UniqueConstraint(fields=("version",), name="ownership_version_unique"),
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="active"), name="ownership_one_active"
            ),
        )

    def __str__(self) -> str:
        return f"ownership v{self.version} ({self.status})"


class OwnershipRule(models.Model):
    """A cell of the matrix: who owns an attribute group while a record is in a lifecycle state."""

    matrix = models.ForeignKey(OwnershipMatrix, on_delete=models.CASCADE, related_name="rules")
    entity = models.CharField(max_length=40)
    group = models.CharField(max_length=60, help_text="Attribute group, as the entity's spec names it.")
    state = models.CharField(max_length=20, default=ANY, help_text="Lifecycle state, or * for any.")
    owners = ArrayField(
        models.CharField(max_length=40), help_text="Systems or roles (crm, erp, psa, hris), best first."
    )
    others = models.CharField(
        max_length=10,
        choices=[(verdict.value, verdict.value) for verdict in Verdict],
        default=Verdict.ACCEPT.value,
        help_text="What the values of systems not named here are worth.",
    )
    history = History()

    class Meta:
        ordering = ("entity", "group", "state")
        constraints = (
            models.UniqueConstraint(
                fields=("matrix", "entity", "group", "state"), name="ownership_cell_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity}.{self.group} [{self.state}]: {', '.join(self.owners)}"


class Pin(models.Model):
    """A steward's value for one attribute of one golden record; it outranks every rule until it ends."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="pins")
    attribute = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    reason = models.TextField()
    pinned_by = models.CharField(max_length=150, default=current_actor_name)
    pinned_at = models.DateTimeField()
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
        )

    def __str__(self) -> str:
        return f"{self.attribute} of {self.record_id}"


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
