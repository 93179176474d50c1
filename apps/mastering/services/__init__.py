"""Verbs of mastering: plan, apply, merge, unmerge, pin, and edit the ownership matrix."""

from apps.mastering.engine.ownership import ANY, Verdict
from apps.mastering.services.applying import apply_plan, referrers_of
from apps.mastering.services.drafting import OwnershipCell, known_owners, write_ownership_draft
from apps.mastering.services.merging import (
    MergeVetoed,
    close_merge,
    plan_merge,
    plan_unmerge,
    restore_redirects,
    survivors_first,
)
from apps.mastering.services.pinned_items import InvalidPin
from apps.mastering.services.pinning import end_pin, plan_pin, standardized_pins, write_pins
from apps.mastering.services.planning import plan_records
from apps.mastering.services.rules import activate_ownership, draft_ownership, ensure_default_ownership
from apps.mastering.services.turns import take_turn

__all__ = [
    "ANY",
    "InvalidPin",
    "MergeVetoed",
    "OwnershipCell",
    "Verdict",
    "activate_ownership",
    "apply_plan",
    "close_merge",
    "draft_ownership",
    "end_pin",
    "ensure_default_ownership",
    "known_owners",
    "plan_merge",
    "plan_pin",
    "plan_records",
    "plan_unmerge",
    "referrers_of",
    "restore_redirects",
    "standardized_pins",
    "survivors_first",
    "take_turn",
    "write_ownership_draft",
    "write_pins",
]
