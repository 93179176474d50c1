"""Verbs of mastering: plan, apply, merge, unmerge, pin, and edit the rules of ownership and survivorship."""

from apps.mastering.engine.ownership import ANY, STEWARD, Verdict
from apps.mastering.services.applying import Remember, apply_plan, nothing_remembered
from apps.mastering.services.asking import Challenge, PersonalVerdict, challenges_of, judge_values
from apps.mastering.services.auditing import structural_differences
from apps.mastering.services.drafting import (
    EVERYWHERE,
    Layer,
    OwnershipCell,
    known_owners,
    write_ownership_draft,
)
from apps.mastering.services.lifting import Lifted, lift_pins, move_child_pins, put_pins
from apps.mastering.services.mending import mend_structure
from apps.mastering.services.merging import (
    MergeVetoed,
    NeedsApprover,
    mergeable_spec,
    plan_merge,
    plan_merges,
    refuse_vetoed,
    survivors_first,
)
from apps.mastering.services.offering import offers_of
from apps.mastering.services.parting import (
    close_merge,
    parting_of_members,
    parting_of_merge,
    plan_parting,
    restore_redirects,
)
from apps.mastering.services.pinned_items import InvalidPin
from apps.mastering.services.pinning import (
    IllegalTransition,
    end_expired_pins,
    end_pin,
    plan_pin,
    standardized_pins,
    write_pins,
)
from apps.mastering.services.planning import plan_records
from apps.mastering.services.referring import followers_of, referrers_of
from apps.mastering.services.refusing import differing_refusals
from apps.mastering.services.remembering import BeforeMerge
from apps.mastering.services.reviving import former_homes
from apps.mastering.services.rules import (
    activate_ownership,
    draft_ownership,
    ensure_default_ownership,
    turn_periods,
)
from apps.mastering.services.surviving import (
    SurvivorshipCell,
    activate_survivorship,
    draft_survivorship,
    ensure_default_survivorship,
    turn_trust,
    write_survivorship_draft,
)
from apps.mastering.services.turns import take_turn
from apps.mastering.services.verdicts import differs, parts_of, write_personal_verdict
from apps.mastering.services.versions import NotADraft, OwnDraft
from apps.mastering.services.vetoes import find_vetoes

__all__ = [
    "ANY",
    "EVERYWHERE",
    "STEWARD",
    "BeforeMerge",
    "Challenge",
    "IllegalTransition",
    "InvalidPin",
    "Layer",
    "Lifted",
    "MergeVetoed",
    "NeedsApprover",
    "NotADraft",
    "OwnDraft",
    "OwnershipCell",
    "PersonalVerdict",
    "Remember",
    "SurvivorshipCell",
    "Verdict",
    "activate_ownership",
    "activate_survivorship",
    "apply_plan",
    "challenges_of",
    "close_merge",
    "differing_refusals",
    "differs",
    "draft_ownership",
    "draft_survivorship",
    "end_expired_pins",
    "end_pin",
    "ensure_default_ownership",
    "ensure_default_survivorship",
    "find_vetoes",
    "followers_of",
    "former_homes",
    "judge_values",
    "known_owners",
    "lift_pins",
    "mend_structure",
    "mergeable_spec",
    "move_child_pins",
    "nothing_remembered",
    "offers_of",
    "parting_of_members",
    "parting_of_merge",
    "parts_of",
    "plan_merge",
    "plan_merges",
    "plan_parting",
    "plan_pin",
    "plan_records",
    "put_pins",
    "referrers_of",
    "refuse_vetoed",
    "restore_redirects",
    "standardized_pins",
    "structural_differences",
    "survivors_first",
    "take_turn",
    "turn_periods",
    "turn_trust",
    "write_ownership_draft",
    "write_personal_verdict",
    "write_pins",
    "write_survivorship_draft",
]
