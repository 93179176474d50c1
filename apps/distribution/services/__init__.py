"""Verbs of distribution: deliver, replay, skip, pause, resume, subscribe, backfill, schedule."""

from apps.distribution.services.dead_letters import replay_dead_letters, skip_dead_letter
from apps.distribution.services.deliveries import deliver_due
from apps.distribution.services.schedules import ensure_schedules
from apps.distribution.services.subscriptions import (
    backfill_subscription,
    ensure_default_subscriptions,
    save_subscription,
)
from apps.distribution.services.targets import pause_target, resume_target, set_target_limits

__all__ = [
    "backfill_subscription",
    "deliver_due",
    "ensure_default_subscriptions",
    "ensure_schedules",
    "pause_target",
    "replay_dead_letters",
    "resume_target",
    "save_subscription",
    "set_target_limits",
    "skip_dead_letter",
]
