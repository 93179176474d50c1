"""Old answers told again: what a person or a rule saw then, by the rule of then and by the rule of today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.golden.spec import Document, EntitySpec
from apps.matching import engine
from apps.matching.features import table_of
from apps.matching.models import CandidatePair
from apps.matching.scoring import Rule
from apps.matching.selectors.explaining import with_numbers
from apps.matching.selectors.masking import hidden_attributes, masked_pair
from apps.matching.selectors.records import NothingToExplain, records_told, stored_pairs
from apps.matching.selectors.rules import active_rule, rule_of
from apps.matching.selectors.told import PairExplanation, RecordTold


@dataclass(frozen=True, slots=True)
class Recalled:
    """A stored pair: `then` by the rule version it was found with, `now` by the active one, both on what was seen.

    `reproduced`: scoring again by the old version gives the stored bits.
    """

    pair_id: UUID
    then: PairExplanation
    now: PairExplanation
    reproduced: bool
    changed: tuple[str, ...]
    """Attributes whose contribution differs between the two versions by a tenth of a bit or more."""


def seen_documents(
    spec: EntitySpec, config: engine.Config, evidence: Sequence[Mapping[str, Any]]
) -> tuple[Document, Document]:
    """Return both records as far as a stored comparison tells them, each value at its path."""
    paths = {feature.name: feature.path for feature in spec.match.features}
    seen: dict[str, tuple[Any, Any]] = {}
    for entry in evidence:
        sources = config.attribute(entry["attribute"]).sources
        for source, left, right in zip(sources, entry["left"], entry["right"], strict=True):
            seen[paths[source]] = (left, right)
    documents: tuple[Document, Document] = ({}, {})
    for path, both in seen.items():
        name, _, column = path.partition(".")
        for document, cell in zip(documents, both, strict=True):
            values = cell if isinstance(cell, list) else [cell] if cell else []
            if column:
                document.setdefault(name, []).extend({column: value} for value in values)
            elif values:
                document[name] = values[0]
    return documents


def recall_pair(
    *, spec: EntitySpec, pair_id: UUID, clear: bool, version: int | None = None, at: datetime | None = None
) -> Recalled:
    """Explain a stored pair on the values seen then, by its own rule version beside `version` (default: the active).

    `at`: the pair as it was stored at that time; a pair that only rules answered is renewed by later data.
    Raises NothingToExplain, NoMatchRule.
    """
    rows: Any = CandidatePair.objects.all()
    if at is not None:
        past: Any = CandidatePair.history
        rows = past.filter(history_date__lte=at).order_by("-history_date")
    pair = rows.filter(id=pair_id, entity=spec.name).first()
    if pair is None:
        raise NothingToExplain("There is no such pair.")
    old = rule_of(spec.name, pair.rule_version)
    new = active_rule(spec.name) if version is None else rule_of(spec.name, version)
    records = records_told([pair.left_id, pair.right_id])
    left, right = records[pair.left_id], records[pair.right_id]
    seen = seen_documents(spec, old.config, pair.evidence)
    then, now = (_by_rule(spec, rule, left, right, seen) for rule in (old, new))
    stored = stored_pairs([pair.left_id, pair.right_id]).get((pair.left_id, pair.right_id))
    then = replace(then, stored=stored)
    before = {each.attribute: each.contribution or 0.0 for each in then.attributes}
    after = {each.attribute: each.contribution or 0.0 for each in now.attributes}
    changed = [
        name for name in {**before, **after} if abs(before.get(name, 0.0) - after.get(name, 0.0)) >= 0.1
    ]
    reproduced = then.total is not None and round(then.total, 3) == pair.weight
    if not clear:
        hidden = hidden_attributes(spec, old.config) | hidden_attributes(spec, new.config)
        then, now = masked_pair(spec, then, hidden), masked_pair(spec, now, hidden)
        changed = [name for name in changed if name not in hidden]
    return Recalled(pair_id, then, now, reproduced, tuple(changed))


def _by_rule(
    spec: EntitySpec, rule: Rule, left: RecordTold, right: RecordTold, seen: Sequence[Document]
) -> PairExplanation:
    prepared = engine.prepare(table_of(spec, [left.id, right.id], seen), rule.config)
    why = engine.explain(prepared, prepared, rule.model, rule.config, left_row=0, right_row=1)
    base = PairExplanation(
        entity=spec.name, left=left, right=right, rule_version=rule.version, model_version="", prior=0.0,
        attributes=(), correction=None, total=None, probability=None, band="NO_MATCH", match_threshold=1.0,
        review_threshold=1.0, match_weight=0.0, review_weight=0.0,
    )  # fmt: skip
    return with_numbers(spec, rule, base, why, seen, ({}, {}))
