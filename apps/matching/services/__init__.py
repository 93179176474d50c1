"""Verbs of matching: find homes for source records, answer pairs, edit rules, re-match everything."""

from apps.matching.services.batches import match_batch
from apps.matching.services.decisions import (
    answer_pair,
    answer_pairs,
    bind_pairs,
    close_settled_pairs,
    withdraw_decision,
    withdraw_decisions,
)
from apps.matching.services.editing import RuleEdit, edit_match_rule, reset_weights
from apps.matching.services.patterns import (
    PatternGone,
    claim_pattern,
    claimed_pairs,
    release_pair,
    withdraw_pattern,
)
from apps.matching.services.queue import close_answered_pairs, fill_review_queue, limit_reviews
from apps.matching.services.rating import rate_open_pairs
from apps.matching.services.rules import (
    NotADraft,
    OwnDraft,
    activate_match_rule,
    discard_match_rule,
    draft_match_rule,
    ensure_default_match_rules,
    former_match_rule,
    train_match_rule,
)
from apps.matching.services.separating import let_members_unite, separate_members
from apps.matching.services.similar import find_similar
from apps.matching.services.snapshots import prune_snapshots, take_snapshot
from apps.matching.services.teaching import TooFewLabels, collect_labels, retrain_match_rule

__all__ = [
    "NotADraft",
    "OwnDraft",
    "PatternGone",
    "RuleEdit",
    "TooFewLabels",
    "activate_match_rule",
    "answer_pair",
    "answer_pairs",
    "bind_pairs",
    "claim_pattern",
    "claimed_pairs",
    "close_answered_pairs",
    "close_settled_pairs",
    "collect_labels",
    "discard_match_rule",
    "draft_match_rule",
    "edit_match_rule",
    "ensure_default_match_rules",
    "fill_review_queue",
    "find_similar",
    "former_match_rule",
    "let_members_unite",
    "limit_reviews",
    "match_batch",
    "prune_snapshots",
    "rate_open_pairs",
    "release_pair",
    "reset_weights",
    "retrain_match_rule",
    "separate_members",
    "take_snapshot",
    "train_match_rule",
    "withdraw_decision",
    "withdraw_decisions",
    "withdraw_pattern",
]
