"""References that were left out because they would lead back to where they start."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from apps.core.ids import uuid7


class RefusedReference(models.Model):
    """What a record would refer to, and the records that stand in the way: it is asked again when one of them is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="+")
    attribute = models.CharField(max_length=60, help_text="Reference, or collection whose item was left out.")
    target = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="+")
    among = ArrayField(models.UUIDField(), help_text="The records that lead to one another, itself included.")
    source_record = models.ForeignKey(
        "sources.SourceRecord", null=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        ordering = ("record", "attribute", "target")
        indexes = (GinIndex(fields=("among",), name="refused_reference_among"),)

    def __str__(self) -> str:
        return f"{self.attribute} of {self.record_id}"
