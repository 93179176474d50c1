"""Source records in canonical form, with what was found on the way."""

from django.db import models
from django.db.models import Q


class StandardRecord(models.Model):
    """The standardized values of one source record; the raw ones stay with the source record."""

    source_record = models.OneToOneField(
        "sources.SourceRecord", primary_key=True, on_delete=models.CASCADE, related_name="standard"
    )
    entity = models.CharField(max_length=40)
    values = models.JSONField(
        default=dict, help_text="Canonical attributes, None where there is no valid value."
    )
    issues = models.JSONField(
        default=list, help_text="Code, attribute, severity, message and value of each finding."
    )
    score = models.PositiveSmallIntegerField(default=100, help_text="0 to 100.")
    standardized_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(score__lte=100), name="standard_record_score_at_most_100"),
        )
        indexes = (
            models.Index(fields=("entity", "score"), name="standard_record_scores"),
            models.Index(fields=("entity",), condition=~Q(issues=[]), name="standard_record_with_issues"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.source_record_id}: {self.score}"
