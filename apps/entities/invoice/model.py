"""Typed table of golden invoices.

Only formats and structure are constraints here: an invoice whose amounts do not add up is still a fact.
"""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, decimal, integer, money, reference, text
from apps.entities.invoice.attributes import KINDS, LIFECYCLE
from apps.entities.invoice.items import InvoiceLine
from apps.golden.models import GoldenEntity

__all__ = ("Invoice", "InvoiceLine")


class Invoice(GoldenEntity):
    """A document that asks a customer for money, or gives it back."""

    invoice_no = text(80)
    kind = choice(KINDS)
    credit_of = reference("self", "credits")
    bill_to = reference("customer.Customer", "invoices")
    engagement = reference("engagement.Engagement", "invoices")
    legal_entity = text(40)
    currency = text(3)
    fx_rate = decimal()
    net = money()
    tax = money()
    gross = money()
    balance = money()
    issued_on = day()
    due_on = day()
    payment_terms = text(40)
    po_ref = text(80)
    paid_on = day()
    dunning = integer()
    dispute = text()

    class Meta:
        verbose_name = "invoice"
        constraints = (
            rule.one_of("invoice_status_known", "status", LIFECYCLE.states),
            rule.one_of("invoice_kind_known", "kind", KINDS),
            rule.matches("invoice_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_itself("invoice_credit_of_not_itself", "credit_of"),
        )
        indexes = (
            models.Index(fields=("invoice_no", "legal_entity"), name="invoice_by_number"),
            models.Index(fields=("po_ref",), name="invoice_by_po_ref"),
            models.Index(fields=("due_on", "status"), name="invoice_by_due_day"),
            models.Index(fields=("status", "record"), name="invoice_by_status"),
        )
