"""Typed table of golden projects."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, decimal, flag, money, reference, text
from apps.entities.project.attributes import BILLING_TYPES, LIFECYCLE
from apps.entities.project.items import ProjectMilestone
from apps.golden.models import GoldenEntity

__all__ = ("Project", "ProjectMilestone")


class Project(GoldenEntity):
    """Work under an engagement that is planned, staffed and booked."""

    project_no = text(80)
    name = text()
    engagement = reference("engagement.Engagement", "projects")
    customer = reference("customer.Customer", "projects")
    parent = reference("self", "children")
    selling_entity = text(40)
    delivery_entity = text(40)
    cost_centre = text(40)
    profit_centre = text(40)
    billing_type = choice(BILLING_TYPES)
    billable = flag()
    currency = text(3)
    rev_rec_rule = text(80)
    manager = reference("resource.Resource", "managed_projects")
    start = day()
    end = day()
    stage = text(80)
    active = flag()
    budget_hours = decimal()
    budget_amount = money()
    time_open = flag()
    expense_open = flag()
    origin_key = text(120)

    class Meta:
        verbose_name = "project"
        constraints = (
            rule.one_of("project_status_known", "status", LIFECYCLE.states),
            rule.one_of("project_billing_type_known", "billing_type", BILLING_TYPES),
            rule.not_itself("project_parent_not_itself", "parent"),
            rule.in_order("project_dates_in_order", "start", "end"),
            rule.matches("project_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_negative("project_budget_hours_not_negative", "budget_hours"),
            rule.not_negative("project_budget_amount_not_negative", "budget_amount"),
        )
        indexes = (
            models.Index(fields=("project_no",), name="project_by_project_no"),
            models.Index(fields=("origin_key",), name="project_by_origin_key"),
            models.Index(fields=("status", "record"), name="project_by_status"),
        )
