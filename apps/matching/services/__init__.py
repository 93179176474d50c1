"""Verbs of matching: find homes for source records, answer pairs, edit rules, re-match everything."""

from apps.matching.services.batches import match_batch
from apps.matching.services.decisions import answer_pair, bind_pairs, close_settled_pairs, withdraw_decision
from apps.matching.services.everything import Rematched, match_everything
from apps.matching.services.rules import (
    activate_match_rule,
    draft_match_rule,
    ensure_default_match_rules,
    train_match_rule,
)
from apps.matching.services.similar import find_similar

__all__ = [
    "Rematched",
    "activate_match_rule",
    "answer_pair",
    "bind_pairs",
    "close_settled_pairs",
    "draft_match_rule",
    "ensure_default_match_rules",
    "find_similar",
    "match_batch",
    "match_everything",
    "train_match_rule",
    "withdraw_decision",
]
