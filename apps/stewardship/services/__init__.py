"""Verbs of stewards and approvers."""

from apps.stewardship.services.choosing import InvalidChoice
from apps.stewardship.services.exception_tasks import (
    StillBroken,
    assign_exception,
    resolve_exception,
)
from apps.stewardship.services.exceptions import (
    Breach,
    Checked,
    Scope,
    TaskClosed,
    check_invariants,
    check_written,
    find_breaches,
    open_exception,
    waive_exception,
)
from apps.stewardship.services.merges import (
    PairAnswered,
    decide_pair,
    merge_groups,
    merge_records,
    take_back_decision,
)
from apps.stewardship.services.operations import (
    Proposed,
    approve_operation,
    propose_merge,
    propose_unmerge,
    reject_operation,
)
from apps.stewardship.services.parting import offers_for, split_records, undo_merge
from apps.stewardship.services.patterns import decide_pattern, restore_pattern, settle_pattern, undo_pattern
from apps.stewardship.services.policies import (
    PolicyCell,
    activate_policy,
    draft_policy,
    ensure_default_policy,
    write_policy_draft,
)
from apps.stewardship.services.proposing import WriteRefused, propose_values, release_expired_pins
from apps.stewardship.services.rebuilding import (
    CHUNK,
    chunks_of,
    compare_records,
    mend_records,
    one_moment,
    repair_records,
)
from apps.stewardship.services.rehearsing import rehearse_merge, rehearse_unmerge
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
    "CHUNK",
    "AnsweredAlready",
    "Breach",
    "Checked",
    "InvalidChoice",
    "OwnRequest",
    "PairAnswered",
    "PolicyCell",
    "Proposed",
    "RequestOutdated",
    "Scope",
    "StillBroken",
    "TaskClosed",
    "WriteRefused",
    "activate_policy",
    "approve_operation",
    "approve_request",
    "assign_exception",
    "check_invariants",
    "check_written",
    "chunks_of",
    "compare_records",
    "decide_pair",
    "decide_pattern",
    "draft_policy",
    "ensure_default_policy",
    "find_breaches",
    "mend_records",
    "merge_groups",
    "merge_records",
    "move_in_tree",
    "offers_for",
    "one_moment",
    "open_exception",
    "propose_merge",
    "propose_unmerge",
    "propose_values",
    "rehearse_merge",
    "rehearse_unmerge",
    "reject_operation",
    "reject_request",
    "release_expired_pins",
    "release_pin",
    "repair_records",
    "resolve_exception",
    "restore_pattern",
    "route_plan",
    "settle_pattern",
    "split_records",
    "take_back_decision",
    "undo_merge",
    "undo_pattern",
    "waive_exception",
    "write_policy_draft",
]
