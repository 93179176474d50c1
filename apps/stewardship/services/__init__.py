"""Verbs of stewards and approvers."""

from apps.stewardship.services.merges import (
    PairAnswered,
    decide_pair,
    merge_records,
    split_records,
    undo_merge,
)
from apps.stewardship.services.policies import (
    PolicyCell,
    activate_policy,
    draft_policy,
    ensure_default_policy,
    write_policy_draft,
)
from apps.stewardship.services.requests import (
    AnsweredAlready,
    OwnRequest,
    RequestOutdated,
    approve_request,
    propose_values,
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
    "activate_policy",
    "approve_request",
    "decide_pair",
    "draft_policy",
    "ensure_default_policy",
    "merge_records",
    "move_in_tree",
    "propose_values",
    "reject_request",
    "release_pin",
    "route_plan",
    "split_records",
    "undo_merge",
    "write_policy_draft",
]
