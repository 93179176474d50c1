"""Pure matching engine: arrays in, arrays out; no Django, HTTP, Celery or clock."""

from .blocking import blocking_keys, candidate_pairs
from .clustering import cluster
from .contracts import Attribute, Band, Config, Evidence, Explanation, Keys, Pairs, Scores, Table
from .defaults import default_config
from .model import Model, default_model
from .prepare import Prepared, prepare
from .scoring import score_pairs
from .training import train

__all__ = [
    "Attribute",
    "Band",
    "Config",
    "Evidence",
    "Explanation",
    "Keys",
    "Model",
    "Pairs",
    "Prepared",
    "Scores",
    "Table",
    "blocking_keys",
    "candidate_pairs",
    "cluster",
    "default_config",
    "default_model",
    "prepare",
    "score_pairs",
    "train",
]
