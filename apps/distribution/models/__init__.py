"""Tables of distribution; read and point at them, write through `services`."""

from apps.distribution.models.attempts import DeliveryAttempt, Op, Outcome
from apps.distribution.models.feeds import PullFeed
from apps.distribution.models.inbox import InboxMessage, InboxState, RefusedWebhooks
from apps.distribution.models.lanes import ExternalRef, Lane
from apps.distribution.models.mapping_runs import MappingRun
from apps.distribution.models.reconciliation import (
    Finding,
    FindingKind,
    FindingState,
    Observation,
    ReconciliationRun,
)
from apps.distribution.models.subscriptions import BreakerState, Subscription, SubscriptionMode, TargetState

__all__ = [
    "BreakerState",
    "DeliveryAttempt",
    "ExternalRef",
    "Finding",
    "FindingKind",
    "FindingState",
    "InboxMessage",
    "InboxState",
    "Lane",
    "MappingRun",
    "Observation",
    "Op",
    "Outcome",
    "PullFeed",
    "ReconciliationRun",
    "RefusedWebhooks",
    "Subscription",
    "SubscriptionMode",
    "TargetState",
]
