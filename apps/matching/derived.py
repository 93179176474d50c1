"""What matching derives from source records and can make anew at any time: clean forms, keys, compared pairs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class PreparedRecord(models.Model):
    """A source record as the engine compares it, so that a candidate is read and not cleaned again.

    `fingerprint` names the attributes and passes it was made for; a form with another one is not compared.
    """

    source_record = models.OneToOneField(
        "sources.SourceRecord", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    entity = models.CharField(max_length=40)
    keys = ArrayField(models.BigIntegerField(), help_text="The rows it has among the blocking keys.")
    cells = models.TextField(help_text="JSON: per attribute of the rule nothing, one clean value or several.")
    told = models.TextField(help_text="JSON: values that must not differ inside one golden record.")
    fingerprint = models.BigIntegerField()
    compared = models.BooleanField(
        default=True,
        help_text="False until a re-match has looked for whom it resembles; it stays where it is.",
    )
    prepared_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("entity", "source_record"), name="prepared_record_entity"),)

    def __str__(self) -> str:
        return f"{self.entity} {self.source_record_id}"


class BlockingKey(models.Model):
    """A stable 64-bit key of a source record, salted by entity; records that share one are compared.

    A million records have ten million of these: one index, which is the table's own key, and no constraint to check.
    """

    pk = models.CompositePrimaryKey("key", "source_record_id")
    key = models.BigIntegerField()
    source_record = models.ForeignKey(
        "sources.SourceRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    entity = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.entity} {self.key:x}"


class ComparedPair(models.Model):
    """Two source records that resemble each other, as the rule last scored them; `left` has the smaller id.

    Pairs below the review threshold are not kept. A `held` pair stays together although its values have drifted
    apart since: only a person, or evidence that speaks against it, parts what was one.
    """

    pk = models.CompositePrimaryKey("left_id", "right_id")
    left = models.ForeignKey(
        "sources.SourceRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    right = models.ForeignKey(
        "sources.SourceRecord", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    entity = models.CharField(max_length=40)
    weight = models.FloatField(help_text="Bits of evidence for a match, prior included.")
    probability = models.FloatField()
    band = models.PositiveSmallIntegerField(help_text="1 review, 2 match.")
    held = models.BooleanField(default=False)
    rule_version = models.PositiveIntegerField()
    compared_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="compared_pair_ordered"),
        )
        indexes = (
            models.Index(fields=("entity", "probability"), condition=Q(band=1), name="compared_pair_review"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.probability:.0%}"


class HeldPair(models.Model):
    """A pair that a version of the rule held when another became active: held again when that one returns."""

    pk = models.CompositePrimaryKey("left_id", "right_id", "rule_version")
    left = models.ForeignKey(
        "sources.SourceRecord",
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    right = models.ForeignKey(
        "sources.SourceRecord", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    rule_version = models.PositiveIntegerField()
    entity = models.CharField(max_length=40)

    class Meta:
        indexes = (models.Index(fields=("entity", "rule_version"), name="held_pair_version"),)

    def __str__(self) -> str:
        return f"{self.entity} v{self.rule_version}"


class ReviewLimit(models.Model):
    """How many pairs of an entity may wait for stewards at once, and how many wait behind them."""

    entity = models.CharField(primary_key=True, max_length=40)
    most = models.PositiveIntegerField(default=10_000, help_text="Open reviews; the worthiest come first.")
    left_out = models.PositiveIntegerField(default=0, help_text="Found, but not opened for lack of room.")
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.entity}: {self.most}"
