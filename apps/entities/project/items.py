"""Child tables of golden projects."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import day, flag, money, text
from apps.entities.project.collections import MILESTONES
from apps.golden.models import GoldenItem


class ProjectMilestone(GoldenItem):
    """A result that is due on a day, and may be billed once approved."""

    number = text(80)
    name = text()
    target_on = day()
    actual_on = day()
    amount = money()
    approved = flag()
    invoice_no = text(80)

    class Meta:
        verbose_name = "milestone"
        constraints = (rule.one_per_record("project_milestone_identity", *MILESTONES.identity),)
        indexes = (models.Index(fields=("invoice_no",), name="project_milestone_by_invoice"),)
