"""The ownership matrix: who owns which attributes of what."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.history import History
from apps.audit.versioning import VersionedRule
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
