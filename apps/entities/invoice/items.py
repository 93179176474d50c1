"""Child tables of golden invoices."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import day, integer, money, reference, text
from apps.entities.invoice.collections import LINES
from apps.golden.models import GoldenItem


class InvoiceLine(GoldenItem):
    """What one line of an invoice bills: a milestone or a period of a project."""

    number = integer()
    project = reference("project.Project", "invoice_lines")
    milestone = text(80)
    period_start = day()
    period_end = day()
    description = text(1000)
    net = money()
    tax_code = text(40)

    class Meta:
        verbose_name = "invoice line"
        constraints = (rule.one_per_record("invoice_line_number_unique", *LINES.identity),)
        indexes = (models.Index(fields=("project", "milestone"), name="invoice_line_by_milestone"),)
