"""Snapshots for the tuning studio, compressed, and the count by which they know that the data moved on."""

from django.db import models


class PairSnapshot(models.Model):
    """What one shape of rule found at one moment of the data; weights and thresholds play no part in it.

    `yardstick` names what comparing depends on besides the records: how usual words and values are.
    """

    entity = models.CharField(max_length=40)
    fingerprint = models.BigIntegerField()
    yardstick = models.CharField(max_length=16)
    cap = models.PositiveIntegerField(help_text="Records that may share one key.")
    moment = models.CharField(max_length=40, help_text="State of the data it was taken of.")
    records = models.PositiveIntegerField()
    pairs = models.PositiveIntegerField()
    blocking = models.JSONField(
        default=list, help_text="Per pass: keys, pairs and what only this pass finds."
    )
    payload = models.BinaryField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "fingerprint", "yardstick", "cap"), name="pair_snapshot_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity}: {self.pairs:,} pairs of {self.records:,} records"


class DataMoment(models.Model):
    """Transactions that changed memberships, values, decisions or golden records of an entity; triggers write it.

    A row a transaction, so that nobody waits for anybody; older rows are added up in the newest (`weight`).
    """

    pk = models.CompositePrimaryKey("entity", "xact")
    entity = models.CharField(max_length=40)
    xact = models.BigIntegerField(help_text="Number of the transaction.")
    weight = models.BigIntegerField(default=1, help_text="Statements it changed something by.")

    def __str__(self) -> str:
        return f"{self.entity} {self.xact}"
