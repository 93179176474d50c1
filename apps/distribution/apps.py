"""Django configuration of subscriptions, deliveries and reconciliation."""

from django.apps import AppConfig


class DistributionConfig(AppConfig):
    name = "apps.distribution"
    label = "distribution"
    verbose_name = "Distribution"

    def ready(self) -> None:
        from apps.distribution.subscribers import advance_lanes
        from apps.outbox.services import subscribers

        if "distribution" not in subscribers:
            subscribers.add("distribution", advance_lanes)
