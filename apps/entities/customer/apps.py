"""Django configuration of the customer entity."""

from django.apps import AppConfig


class CustomerConfig(AppConfig):
    name = "apps.entities.customer"
    label = "customer"
    verbose_name = "Customers"
