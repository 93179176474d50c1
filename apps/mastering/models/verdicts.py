"""Verdicts: what became of every write of a source, a steward or the API, with the rule that decided it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.audit.history import current_actor_name, current_correlation_id
from apps.core.ids import uuid7


class WriteVerdict(models.Model):
    """What one writer's values of one golden record were worth, from one moment to the next change.

    A row is written when a value, a verdict or its rule changes, never for a load that repeats itself. `groups`
    holds, by attribute group, [mark of the value, verdict, rule, version of the matrix]; where rules differ by the
    legal entity of an item the name is "group@legal entity". `tried` keeps what was not accepted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey(
        "golden.GoldenRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # an index below begins with it
    )
    entity = models.CharField(max_length=40)
    writer = models.CharField(max_length=40, help_text="System, or steward for what a person wrote.")
    key = models.CharField(max_length=200, blank=True)
    source_record = models.ForeignKey(
        "sources.SourceRecord", null=True, on_delete=models.CASCADE, related_name="+"
    )
    groups = models.JSONField()
    changed = ArrayField(models.CharField(max_length=100), help_text="Groups that this row is written for.")
    outcomes = ArrayField(
        models.CharField(max_length=110),
        default=list,
        help_text="Verdicts other than accept, alone and as group:verdict; flags as flag:name.",
    )
    tried = models.JSONField(default=dict, help_text="Values that were not accepted, by attribute.")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=150, default=current_actor_name)
    correlation_id = models.UUIDField(default=current_correlation_id)

    class Meta:
        ordering = ("-at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("source_record",),
                condition=Q(ended_at__isnull=True),
                name="write_verdict_one_current",
            ),
        )
        indexes = (
            models.Index(fields=("record", "-at"), name="write_verdict_of_record"),
            GinIndex(fields=("outcomes",), condition=~Q(outcomes=[]), name="write_verdict_outcomes"),
        )

    def __str__(self) -> str:
        return f"{self.writer}:{self.key} at {self.at:%Y-%m-%d %H:%M}"
