"""Reads of matching: rules, decisions, explanations, the queue and its patterns, what people taught."""

from apps.matching.selectors.clusters import explain_cluster
from apps.matching.selectors.decisions import kept_apart, records_kept_apart
from apps.matching.selectors.explaining import explain_records
from apps.matching.selectors.masking import hides_strength, without_personal
from apps.matching.selectors.moments import data_moment
from apps.matching.selectors.outlook import Outlook, any_rule, rematch_outlook, review_outlook
from apps.matching.selectors.patterns import (
    Pattern,
    SignedLabels,
    open_patterns,
    pattern_sample,
    said_of_pattern,
)
from apps.matching.selectors.recalling import Recalled, recall_pair
from apps.matching.selectors.records import NothingToExplain
from apps.matching.selectors.rules import (
    NoMatchRule,
    active_rule,
    needs_first_rematch,
    review_limit,
    rule_of_row,
    rule_summary,
)
from apps.matching.selectors.studio import (
    BandCounts,
    PairAt,
    StudioView,
    is_current,
    snapshot_for,
    studio_view,
)
from apps.matching.selectors.told import (
    AttributeTold,
    ClusterExplanation,
    EdgeTold,
    PairExplanation,
    PairLine,
    RecordsExplanation,
)
from apps.matching.signatures import signature_parts

__all__ = [
    "AttributeTold",
    "BandCounts",
    "ClusterExplanation",
    "EdgeTold",
    "NoMatchRule",
    "NothingToExplain",
    "Outlook",
    "PairAt",
    "PairExplanation",
    "PairLine",
    "Pattern",
    "Recalled",
    "RecordsExplanation",
    "SignedLabels",
    "StudioView",
    "active_rule",
    "any_rule",
    "data_moment",
    "explain_cluster",
    "explain_records",
    "hides_strength",
    "is_current",
    "kept_apart",
    "needs_first_rematch",
    "open_patterns",
    "pattern_sample",
    "recall_pair",
    "records_kept_apart",
    "rematch_outlook",
    "review_limit",
    "review_outlook",
    "rule_of_row",
    "rule_summary",
    "said_of_pattern",
    "signature_parts",
    "snapshot_for",
    "studio_view",
    "without_personal",
]
