"""The matching engine: pure functions from columns to scored pairs and clusters.

No Django, network, clock or environment: the same code runs in a web request, in a worker and in a cluster engine.
"""

from .blocking import blocking_keys, candidate_pairs, effective_cap, pairs_between
from .cliques import LARGEST_CLIQUE
from .clustering import cluster
from .comparators import COMPARATORS, Couples, comparator
from .contracts import (
    Attribute,
    Band,
    Coded,
    Config,
    Keys,
    Pairs,
    Scores,
    Table,
)
from .defaults import COMPARATOR_OF, KINDS, default_config
from .evaluation import Quality, Truth
from .explaining import Alternative, Evidence, Explanation, explain, least_similarity
from .inference import copied_columns, infer_kind, infer_types
from .matching import Limits, Matched, limits_of, match_table
from .measuring import Measured, measure_pairs, weigh_pairs
from .model import AttributeModel, Model, default_model
from .partners import clean_sides, link_sides
from .prepare import Prepared, prepare
from .pruning import score_hopeful
from .refining import refine
from .scoring import bands_of, probability_of, score_pairs, threshold_weight
from .storing import clean_cells, prepared_of
from .training import train

__all__ = [
    "COMPARATORS",
    "COMPARATOR_OF",
    "KINDS",
    "LARGEST_CLIQUE",
    "Alternative",
    "Attribute",
    "AttributeModel",
    "Band",
    "Coded",
    "Config",
    "Couples",
    "Evidence",
    "Explanation",
    "Keys",
    "Limits",
    "Matched",
    "Measured",
    "Model",
    "Pairs",
    "Prepared",
    "Quality",
    "Scores",
    "Table",
    "Truth",
    "bands_of",
    "blocking_keys",
    "candidate_pairs",
    "clean_cells",
    "clean_sides",
    "cluster",
    "comparator",
    "copied_columns",
    "default_config",
    "default_model",
    "effective_cap",
    "explain",
    "infer_kind",
    "infer_types",
    "least_similarity",
    "limits_of",
    "link_sides",
    "match_table",
    "measure_pairs",
    "pairs_between",
    "prepare",
    "prepared_of",
    "probability_of",
    "refine",
    "score_hopeful",
    "score_pairs",
    "threshold_weight",
    "train",
    "weigh_pairs",
]
