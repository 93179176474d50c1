"""Tables of distribution; read and point at them, write through `services`."""

from apps.distribution.models.attempts import DeliveryAttempt, Op, Outcome
from apps.distribution.models.lanes import ExternalRef, Lane
from apps.distribution.models.subscriptions import BreakerState, Subscription, SubscriptionMode, TargetState

__all__ = [
    "BreakerState",
    "DeliveryAttempt",
    "ExternalRef",
    "Lane",
    "Op",
    "Outcome",
    "Subscription",
    "SubscriptionMode",
    "TargetState",
]
