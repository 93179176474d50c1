"""Learn from people's decisions: labels, held-back proof, and a draft of the match rule."""

from apps.matching.services.teaching.labels import Labels, TooFewLabels, collect_labels
from apps.matching.services.teaching.retraining import retrain_match_rule

__all__ = ["Labels", "TooFewLabels", "collect_labels", "retrain_match_rule"]
