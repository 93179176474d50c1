"""One click: refine the active match rule on people's labels into a draft, with the proof beside it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.services import record_deed
from apps.golden.registry import entity
from apps.matching import engine
from apps.matching.engine.arrays import I64, Bools
from apps.matching.models import MatchRule, TrainingReport
from apps.matching.scoring import Rule
from apps.matching.selectors.rules import active_rule
from apps.matching.services.rules import new_version
from apps.matching.services.teaching.labels import Labels, collect_labels
from apps.matching.services.teaching.proving import Proof, prove

FLIPS_KEPT = 200


@transaction.atomic
def retrain_match_rule(*, entity_name: str, note: str, now: datetime) -> MatchRule:
    """Draft a version of the active match rule refined on all labels; its report compares both on held-back ones.

    Raises TooFewLabels with how many more it takes, NoMatchRule.
    """
    spec, rule = entity(entity_name), active_rule(entity_name)
    labels = collect_labels(spec, rule)
    labels.demand_enough()
    scores = labels.scored(rule)
    names = tuple(each.name for each in rule.config.compared)

    def learn(some: engine.Scores, is_match: Bools) -> engine.Model:
        return engine.refine(rule.model, some, is_match, names)

    def score(model: engine.Model, at: I64) -> engine.Scores:
        return engine.score_pairs(labels.prepared, labels.prepared, labels.pairs.take(at), model, rule.config)

    proof = prove(scores, labels.is_match, labels.group, learn, score, rule.config.match_threshold)
    model = learn(scores, labels.is_match)
    row = MatchRule.objects.get(entity=entity_name, version=rule.version)
    draft = new_version(
        spec, row.config, model.to_json(), note=note or f"Refined on {len(labels)} labels", now=now
    )
    report = report_of(rule, model, labels, proof)
    TrainingReport.objects.create(
        rule=draft, base_version=rule.version, labels=len(labels), report=report, made_at=now
    )
    record_deed(
        verb="retrain match rule", entity=entity_name, subject=f"v{draft.version}", now=now,
        detail={"labels": len(labels), "base": rule.version},
    )  # fmt: skip
    return draft


def report_of(rule: Rule, model: engine.Model, labels: Labels, proof: Proof) -> dict[str, Any]:
    """Return the report as it is stored: counts of labels, both measurements, flips, curve, changed multipliers."""
    scales = {
        name: [round(rule.model.attributes[name].scale, 3), round(each.scale, 3)]
        for name, each in model.attributes.items()
    }
    flips = [
        {
            **asdict(flip),
            "left": str(labels.records[flip.at][0]),
            "right": str(labels.records[flip.at][1]),
            "decision": str(labels.ids[flip.at]),
        }
        for flip in proof.flips[:FLIPS_KEPT]
    ]
    return {
        "matches": labels.matches,
        "others": len(labels) - labels.matches,
        "unseen": labels.unseen,
        "groups": len(set(labels.group.tolist())),
        "people": dict(labels.people.most_common(20)),
        "folds": proof.folds,
        "before": asdict(proof.before),
        "after": asdict(proof.after),
        "flips": flips,
        "flip_count": len(proof.flips),
        "flips_right": sum(_right(flip.is_match, flip.before, flip.after) for flip in proof.flips),
        "curve": [asdict(point) for point in proof.curve],
        "scales": scales,
        "prior": [round(rule.model.log_odds, 3), round(model.log_odds, 3)],
    }


def _right(is_match: bool, before: float, after: float) -> bool:
    """Tell whether a label's probability moved towards what the person said."""
    return after > before if is_match else after < before
