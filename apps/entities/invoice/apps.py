"""Django configuration of the invoice entity."""

from django.apps import AppConfig


class InvoiceConfig(AppConfig):
    name = "apps.entities.invoice"
    label = "invoice"
    verbose_name = "Invoices"
