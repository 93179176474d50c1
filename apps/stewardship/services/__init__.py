"""Verbs of stewards and approvers."""

from apps.stewardship.services.merges import (
    PairAnswered,
    decide_pair,
    merge_records,
    split_records,
    undo_merge,
)
from apps.stewardship.services.patterns import (
    decide_pattern,
    restore_pattern,
    settle_pattern,
    undo_pattern,
)
from apps.stewardship.services.policies import (
    PolicyCell,
    activate_policy,
    draft_policy,
    ensure_default_policy,
    write_policy_draft,
)
from apps.stewardship.services.proposing import WriteRefused, propose_values, release_expired_pins
from apps.stewardship.services.requests import (
    AnsweredAlready,
    OwnRequest,
    RequestOutdated,
    approve_request,
    reject_request,
    release_pin,
)
from apps.stewardship.services.routing import route_plan
from apps.stewardship.services.trees import move_in_tree

__all__ = [
    "AnsweredAlready",
    "OwnRequest",
    "PairAnswered",
    "PolicyCell",
    "RequestOutdated",
    "WriteRefused",
    "activate_policy",
    "approve_request",
    "decide_pair",
    "decide_pattern",
    "draft_policy",
    "ensure_default_policy",
    "merge_records",
    "move_in_tree",
    "propose_values",
    "reject_request",
    "release_expired_pins",
    "release_pin",
    "restore_pattern",
    "route_plan",
    "settle_pattern",
    "split_records",
    "undo_merge",
    "undo_pattern",
    "write_policy_draft",
]
