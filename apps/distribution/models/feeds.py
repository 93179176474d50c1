"""What is read from a target on our own account: how far each feed was read."""

from typing import ClassVar

from django.db import models

from apps.distribution.models.subscriptions import Subscription


class PullFeed(models.Model):
    """How far the changes of one mapping's object were read; moved on in the transaction that lands them."""

    subscription = models.OneToOneField(
        Subscription, primary_key=True, on_delete=models.CASCADE, related_name="feed"
    )
    cursor = models.TextField(
        null=True, help_text="Opaque to all but the connector; null: from the beginning."
    )
    pages = models.PositiveBigIntegerField(default=0, help_text="Grows with each page: fences late readers.")
    seen = models.JSONField(
        default=dict,
        help_text="Content of the last records read, by the target's id: an overlap is read twice.",
    )
    resyncs = models.PositiveIntegerField(default=0)
    landed = models.PositiveBigIntegerField(default=0)
    note = models.CharField(
        max_length=500, blank=True, help_text="Why the last round stopped; empty when it ended."
    )
    pulled_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ("subscription",)

    def __str__(self) -> str:
        return f"feed of {self.subscription_id}"
