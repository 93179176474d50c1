"""Typed table of golden resources."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, decimal, reference, text
from apps.entities.resource.attributes import KINDS, LIFECYCLE
from apps.entities.resource.items import ResourceAssignment, ResourceBillRate, ResourceCostRate, ResourceSkill
from apps.golden.models import GoldenEntity

__all__ = ("Resource", "ResourceAssignment", "ResourceBillRate", "ResourceCostRate", "ResourceSkill")


class Resource(GoldenEntity):
    """A person, or a placeholder for one, whom projects are staffed with."""

    worker_id = text(40)
    kind = choice(KINDS)
    name = text()
    given_name = text(120)
    family_name = text(120)
    email = text(254)
    phone = text(48)
    employing_entity = text(40)
    cost_centre = text(40)
    manager = reference("self", "reports")
    hire_date = day()
    term_date = day()
    location = text(120)
    role = text(120)
    grade = text(80)
    practice = text(120)
    region = text(120)
    group = text(120)
    utilization_target = decimal()
    calendar = text(120)
    fte = decimal()
    weekly_hours = decimal()

    class Meta:
        verbose_name = "resource"
        constraints = (
            rule.one_of("resource_status_known", "status", LIFECYCLE.states),
            rule.one_of("resource_kind_known", "kind", KINDS),
            rule.matches("resource_email_format", "email", rule.EMAIL),
            rule.matches("resource_phone_e164", "phone", rule.PHONE),
            rule.not_itself("resource_manager_not_itself", "manager"),
            rule.in_order("resource_employment_in_order", "hire_date", "term_date"),
            rule.between("resource_utilization_target_percent", "utilization_target", 0, 100),
            rule.not_negative("resource_fte_not_negative", "fte"),
            rule.between("resource_weekly_hours_of_a_week", "weekly_hours", 0, 168),
        )
        indexes = (
            models.Index(fields=("worker_id",), name="resource_by_worker_id"),
            models.Index(fields=("email",), name="resource_by_email"),
            models.Index(fields=("phone",), name="resource_by_phone"),
            models.Index(fields=("status", "record"), name="resource_by_status"),
        )
