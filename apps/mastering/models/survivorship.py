"""Survivorship rules: by which strategies a group's value survives, and how much each system is trusted."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.history import History
from apps.mastering.models.ownership import FourEyesRule


class SurvivorshipPolicy(FourEyesRule):
    """One version of how values survive; exactly one is active."""

    decided_at = models.DateTimeField(
        null=True, help_text="Moment against which the age of values is measured; a job moves it on."
    )
    history = History()

    class Meta:
        ordering = ("-version",)
        verbose_name_plural = "survivorship policies"
        constraints = (
            models.UniqueConstraint(fields=("version",), name="survivorship_version_unique"),
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="active"), name="survivorship_one_active"
            ),
        )

    def __str__(self) -> str:
        return f"survivorship v{self.version} ({self.status})"


class SurvivorshipRule(models.Model):
    """How one attribute group of one entity survives."""

    policy = models.ForeignKey(SurvivorshipPolicy, on_delete=models.CASCADE, related_name="rules")
    entity = models.CharField(max_length=40)
    group = models.CharField(max_length=60, help_text="Attribute group, as the entity's spec names it.")
    strategies = ArrayField(models.CharField(max_length=40), help_text="Asked one after the other.")
    whole = models.BooleanField(
        default=False, help_text="All attributes of the group come from one contributor."
    )
    trust = models.JSONField(
        default=dict, blank=True, help_text="System or role to its points (0 to 100) and half life in days."
    )
    history = History()

    class Meta:
        ordering = ("entity", "group")
        constraints = (
            models.UniqueConstraint(fields=("policy", "entity", "group"), name="survivorship_rule_unique"),
        )

    def __str__(self) -> str:
        return f"{self.entity}.{self.group}: {', '.join(self.strategies)}"
