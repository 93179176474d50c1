"""Child tables of golden resources."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, decimal, money, reference, text
from apps.entities.resource.collections import (
    ASSIGNMENT_STATES,
    ASSIGNMENTS,
    BILL_RATES,
    COST_RATES,
    RATE_UNITS,
    SKILLS,
)
from apps.golden.models import GoldenItem


class ResourceSkill(GoldenItem):
    """What the resource can do, and how well."""

    name = text(120)
    level = text(40)

    class Meta:
        verbose_name = "skill"
        constraints = (rule.one_per_record("resource_skill_identity", *SKILLS.identity),)
        indexes = (models.Index(fields=("name",), name="resource_skill_by_name"),)


class ResourceCostRate(GoldenItem):
    """What the resource costs the firm from a day on."""

    currency = text(3)
    amount = money()
    unit = choice(RATE_UNITS)
    valid_from = day()
    valid_to = day()

    class Meta:
        verbose_name = "cost rate"
        constraints = (
            rule.one_per_record("resource_cost_rate_identity", *COST_RATES.identity),
            rule.one_of("resource_cost_rate_unit_known", "unit", RATE_UNITS),
            rule.matches("resource_cost_rate_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_negative("resource_cost_rate_amount_not_negative", "amount"),
            rule.in_order("resource_cost_rate_period_in_order", "valid_from", "valid_to"),
        )


class ResourceBillRate(GoldenItem):
    """What customers pay for the resource from a day on."""

    currency = text(3)
    amount = money()
    unit = choice(RATE_UNITS)
    valid_from = day()
    valid_to = day()

    class Meta:
        verbose_name = "bill rate"
        constraints = (
            rule.one_per_record("resource_bill_rate_identity", *BILL_RATES.identity),
            rule.one_of("resource_bill_rate_unit_known", "unit", RATE_UNITS),
            rule.matches("resource_bill_rate_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_negative("resource_bill_rate_amount_not_negative", "amount"),
            rule.in_order("resource_bill_rate_period_in_order", "valid_from", "valid_to"),
        )


class ResourceAssignment(GoldenItem):
    """Time of the resource that is planned for a project."""

    number = text(80)
    project = reference("project.Project", "assignments")
    role = text(120)
    start = day()
    end = day()
    hours = decimal()
    percent = decimal()
    rate = money()
    currency = text(3)
    status = choice(ASSIGNMENT_STATES)

    class Meta:
        verbose_name = "assignment"
        constraints = (
            rule.one_per_record("resource_assignment_identity", *ASSIGNMENTS.identity),
            rule.one_of("resource_assignment_status_known", "status", ASSIGNMENT_STATES),
            rule.in_order("resource_assignment_period_in_order", "start", "end"),
            rule.not_negative("resource_assignment_hours_not_negative", "hours"),
            rule.not_negative("resource_assignment_percent_not_negative", "percent"),
            rule.matches("resource_assignment_currency_iso4217", "currency", rule.CURRENCY),
        )
        indexes = (models.Index(fields=("number",), name="resource_assignment_by_number"),)
