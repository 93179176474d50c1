"""Verbs of distribution: deliver, replay, skip, pause, subscribe, backfill, schedule, reconcile, pull, receive."""

from apps.distribution.services.dead_letters import replay_dead_letters, skip_dead_letter
from apps.distribution.services.deliveries import deliver_due
from apps.distribution.services.fetching import fetch_inbox
from apps.distribution.services.mapping_runs import (
    activate_outbound,
    cancel_mapping_run,
    start_redelivery,
    start_simulation,
    work_on_mapping_run,
)
from apps.distribution.services.observing import observe_record
from apps.distribution.services.pulling import Pulled, pull_changes
from apps.distribution.services.receiving import (
    Taken,
    dismiss_messages,
    note_refused_webhook,
    prune_inbox,
    replay_messages,
    take_webhook,
)
from apps.distribution.services.reconciliation import (
    adopt_finding,
    push_finding,
    reconcile_target,
    waive_finding,
)
from apps.distribution.services.subscriptions import (
    backfill_subscription,
    ensure_default_subscriptions,
    save_subscription,
)
from apps.distribution.services.targets import pause_target, resume_target, set_target_limits

__all__ = [
    "Pulled",
    "Taken",
    "activate_outbound",
    "adopt_finding",
    "backfill_subscription",
    "cancel_mapping_run",
    "deliver_due",
    "dismiss_messages",
    "ensure_default_subscriptions",
    "fetch_inbox",
    "note_refused_webhook",
    "observe_record",
    "pause_target",
    "prune_inbox",
    "pull_changes",
    "push_finding",
    "reconcile_target",
    "replay_dead_letters",
    "replay_messages",
    "resume_target",
    "save_subscription",
    "set_target_limits",
    "skip_dead_letter",
    "start_redelivery",
    "start_simulation",
    "take_webhook",
    "waive_finding",
    "work_on_mapping_run",
]
