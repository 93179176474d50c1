"""Django configuration of the customer entity."""

from apps.golden.entity_config import EntityConfig


class CustomerConfig(EntityConfig):
    name = "apps.entities.customer"
    label = "customer"
    verbose_name = "Customers"
    default = True  # EntityConfig stands in this module too
