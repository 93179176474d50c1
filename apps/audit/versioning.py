"""Versioned rules: what stewards edit as drafts, activate and roll back; the base of every rule table."""

from django.db import models


class RuleStatus(models.TextChoices):
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class VersionedRule(models.Model):
    """One version of one rule set; an active version is never edited, a change is a new draft."""

    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=RuleStatus.choices, default=RuleStatus.DRAFT)
    note = models.CharField(max_length=300, blank=True, help_text="Why this version exists.")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    activated_by = models.CharField(max_length=150, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.status == RuleStatus.ACTIVE
