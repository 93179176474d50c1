"""Verbs on source data."""

from apps.sources.services.asides import ValueAside, set_values_aside
from apps.sources.services.crosswalk import Membership, assign_crosswalk
from apps.sources.services.loads import (
    LoadFailed,
    UnknownSystem,
    close_load,
    land_extract,
    land_posted,
    land_rows,
    open_load,
)
from apps.sources.services.mending import correct_keys, let_homeless_wait
from apps.sources.services.pending import (
    claim_pending,
    finish_pending,
    mark_entity_pending,
    mark_members_pending,
    mark_referrers_pending,
    quarantine_pending,
)
from apps.sources.services.rejected import dismiss_rejected_row, replay_rejected_rows
from apps.sources.services.systems import InvalidSystem, save_system

__all__ = [
    "InvalidSystem",
    "LoadFailed",
    "Membership",
    "UnknownSystem",
    "ValueAside",
    "assign_crosswalk",
    "claim_pending",
    "close_load",
    "correct_keys",
    "dismiss_rejected_row",
    "finish_pending",
    "land_extract",
    "land_posted",
    "land_rows",
    "let_homeless_wait",
    "mark_entity_pending",
    "mark_members_pending",
    "mark_referrers_pending",
    "open_load",
    "quarantine_pending",
    "replay_rejected_rows",
    "save_system",
    "set_values_aside",
]
