"""Django configuration of the invoice entity."""

from apps.golden.entity_config import EntityConfig


class InvoiceConfig(EntityConfig):
    name = "apps.entities.invoice"
    label = "invoice"
    verbose_name = "Invoices"
    default = True  # EntityConfig stands in this module too
