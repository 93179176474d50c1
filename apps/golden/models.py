"""The golden header every crosswalk, pair, task, event and delivery points at, and the bases of typed tables."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.audit.history import History
from apps.core.ids import uuid7


class RecordStatus(models.TextChoices):
    LIVE = "live"
    MERGED = "merged"  # a redirect to `merged_into`
    RETIRED = "retired"  # no source record is left


class GoldenRecord(models.Model):
    """Identity of one golden record; its values are in the entity's typed table with the same key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=240, blank=True, help_text="How lists call the record.")
    status = models.CharField(max_length=10, choices=RecordStatus.choices, default=RecordStatus.LIVE)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="losers", db_index=False
    )
    version = models.PositiveIntegerField(default=1)
    quality = models.PositiveSmallIntegerField(default=100, help_text="0 to 100.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    history = History(no_db_index=["merged_into"])

    class Meta:
        ordering = ("-updated_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("entity", "code"), name="golden_code_unique_per_entity"),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="golden_merged_has_survivor",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="golden_not_merged_into_itself"),
            models.CheckConstraint(condition=Q(quality__lte=100), name="golden_quality_at_most_100"),
            models.CheckConstraint(condition=Q(version__gte=1), name="golden_version_from_1"),
        )
        indexes = (
            models.Index(fields=("entity", "updated_at", "id"), name="golden_changes"),
            models.Index(fields=("entity", "title", "id"), name="golden_by_title"),
            models.Index(
                fields=("merged_into",), condition=Q(merged_into__isnull=False), name="golden_redirects"
            ),
        )

    def __str__(self) -> str:
        return f"{self.title or 'untitled'} ({self.code})"


class GoldenEntity(models.Model):
    """Base of an entity's typed table: one row per golden record."""

    record = models.OneToOneField(
        GoldenRecord, primary_key=True, on_delete=models.CASCADE, related_name="%(class)s"
    )
    status = models.CharField(max_length=20)
    provenance = models.JSONField(
        default=dict, help_text="Attribute to system, source record, rule and time."
    )
    history = History(inherit=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.record)


class GoldenItem(models.Model):
    """Base of a child table: one item of a collection, its id derived from record and identity."""

    id = models.UUIDField(primary_key=True, editable=False)
    record: Any = models.ForeignKey(
        GoldenRecord,
        on_delete=models.CASCADE,
        related_name="%(class)s_items",
        db_index=False,  # the identity of items, unique in each table, begins with it
    )
    history = History(inherit=True)

    class Meta:
        abstract = True
