"""Typed table of golden customers."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, flag, reference, text
from apps.entities.customer.attributes import LIFECYCLE, PARENT_KINDS, SCREENINGS
from apps.entities.customer.items import (
    CustomerAddress,
    CustomerContact,
    CustomerName,
    CustomerParent,
    CustomerTaxId,
    CustomerTerms,
)
from apps.golden.models import GoldenEntity

__all__ = (
    "Customer",
    "CustomerAddress",
    "CustomerContact",
    "CustomerName",
    "CustomerParent",
    "CustomerTaxId",
    "CustomerTerms",
)


class Customer(GoldenEntity):
    """An organisation the firm sells to, or hopes to."""

    legal_name = text()
    trade_name = text()
    number = text(40)
    duns = text(9)
    lei = text(20)
    registration_no = text(40)
    parent = reference("self", "children")
    parent_kind = choice(PARENT_KINDS)
    domain = text(254)
    phone = text(48)
    email = text(254)
    industry = text()
    segment = text()
    owner = text()
    e_invoice_id = text(80)
    po_required = flag()
    screening = choice(SCREENINGS)
    legal_entity = text(40)
    currency = text(3)

    class Meta:
        verbose_name = "customer"
        constraints = (
            rule.one_of("customer_status_known", "status", LIFECYCLE.states),
            rule.one_of("customer_parent_kind_known", "parent_kind", PARENT_KINDS),
            rule.one_of("customer_screening_known", "screening", SCREENINGS),
            rule.matches("customer_duns_format", "duns", rule.DUNS),
            rule.matches("customer_lei_format", "lei", rule.LEI),
            rule.matches("customer_domain_format", "domain", rule.DOMAIN),
            rule.matches("customer_email_format", "email", rule.EMAIL),
            rule.matches("customer_phone_e164", "phone", rule.PHONE),
            rule.matches("customer_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_itself("customer_parent_not_itself", "parent"),
        )
        indexes = (
            models.Index(fields=("number",), name="customer_by_number"),
            models.Index(fields=("domain",), name="customer_by_domain"),
            models.Index(fields=("email",), name="customer_by_email"),
            models.Index(fields=("phone",), name="customer_by_phone"),
            models.Index(fields=("duns",), name="customer_by_duns"),
            models.Index(fields=("lei",), name="customer_by_lei"),
            models.Index(fields=("registration_no",), name="customer_by_registration"),
            models.Index(fields=("e_invoice_id",), name="customer_by_e_invoice_id"),
            models.Index(fields=("status", "record"), name="customer_by_status"),
        )
