"""The ownership matrix: who owns which attributes of what, and what everybody else's writes are worth."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Func, Q

from apps.audit.history import History
from apps.audit.versioning import VersionedRule
from apps.mastering.engine.ownership import ANY, Verdict


class FourEyesRule(VersionedRule):
    """A version of rules that nobody activates who wrote it."""

    editors = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="Who wrote cells of this version; none of them activates it.",
    )

    class Meta:
        abstract = True


class OwnershipMatrix(FourEyesRule):
    """One version of who owns what; exactly one is active."""

    decided_on = models.DateField(
        null=True, help_text="Day on which periods are judged; the daily job moves it on."
    )
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


DATED = Q(valid_from__isnull=False) | Q(valid_to__isnull=False)


class OwnershipRule(models.Model):
    """A cell of the matrix: who owns an attribute group in a lifecycle state, for a legal entity, in a period."""

    matrix = models.ForeignKey(OwnershipMatrix, on_delete=models.CASCADE, related_name="rules")
    entity = models.CharField(max_length=40)
    group = models.CharField(max_length=60, help_text="Attribute group, as the entity's spec names it.")
    state = models.CharField(max_length=20, default=ANY, help_text="Lifecycle state, or * for any.")
    legal_entity = models.CharField(
        max_length=40, default=ANY, help_text="Own legal entity of the record, or * for any."
    )
    valid_from = models.DateField(null=True, blank=True, help_text="First day; empty: since ever.")
    valid_to = models.DateField(null=True, blank=True, help_text="Last day; empty: for ever.")
    owners = ArrayField(
        models.CharField(max_length=40), help_text="Systems or roles (crm, erp, psa, hris), best first."
    )
    others = models.CharField(
        max_length=10,
        choices=[(verdict.value, verdict.value) for verdict in Verdict],
        default=Verdict.ACCEPT.value,
        help_text="What the values of systems not named here are worth.",
    )
    verdicts = models.JSONField(
        default=dict, blank=True, help_text="Writer (system, role or steward) to its own verdict."
    )
    history = History()

    class Meta:
        ordering = ("entity", "group", "legal_entity", "state", "valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("matrix", "entity", "group", "state", "legal_entity"),
                condition=~DATED,
                name="ownership_cell_unique",
            ),
            ExclusionConstraint(
                name="ownership_periods_apart",
                expressions=[
                    ("matrix", RangeOperators.EQUAL),
                    ("entity", RangeOperators.EQUAL),
                    ("group", RangeOperators.EQUAL),
                    ("state", RangeOperators.EQUAL),
                    ("legal_entity", RangeOperators.EQUAL),
                    (
                        Func(
                            "valid_from",
                            "valid_to",
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=DATED,
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lte=models.F("valid_to")),
                name="ownership_period_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity}.{self.group} [{self.state}]: {', '.join(self.owners)}"
