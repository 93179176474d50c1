"""Typed table of golden engagements."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, money, reference, text
from apps.entities.engagement.attributes import CONTRACT_TYPES, LIFECYCLE
from apps.entities.engagement.items import EngagementBilling, EngagementChange
from apps.golden.models import GoldenEntity

__all__ = ("Engagement", "EngagementBilling", "EngagementChange")


class Engagement(GoldenEntity):
    """A contract or statement of work with a customer."""

    contract_no = text(80)
    name = text()
    customer = reference("customer.Customer", "engagements")
    opportunity_ref = text(80)
    master_agreement = text(80)
    signed_on = day()
    po_number = text(80)
    selling_entity = text(40)
    service_line = text(120)
    contract_type = choice(CONTRACT_TYPES)
    cap = money()
    base_value = money()
    currency = text(3)
    current_value = money()
    start = day()
    end = day()
    partner = reference("resource.Resource", "partnered_engagements")
    rate_card = text(120)
    payment_terms = text(40)
    rev_rec_method = text(80)

    class Meta:
        verbose_name = "engagement"
        constraints = (
            rule.one_of("engagement_status_known", "status", LIFECYCLE.states),
            rule.one_of("engagement_contract_type_known", "contract_type", CONTRACT_TYPES),
            rule.not_negative("engagement_cap_not_negative", "cap"),
            rule.matches("engagement_currency_iso4217", "currency", rule.CURRENCY),
            rule.in_order("engagement_dates_in_order", "start", "end"),
        )
        indexes = (
            models.Index(fields=("contract_no",), name="engagement_by_contract_no"),
            models.Index(fields=("opportunity_ref",), name="engagement_by_opportunity"),
            models.Index(fields=("master_agreement",), name="engagement_by_master_agreement"),
            models.Index(fields=("po_number",), name="engagement_by_po_number"),
            models.Index(fields=("status", "record"), name="engagement_by_status"),
        )
