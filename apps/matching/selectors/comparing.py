"""Compare source records for an explanation: scores of any pairs, blocking passes and exact keys of two."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from apps.golden.spec import Document, EntitySpec
from apps.matching import engine
from apps.matching.features import table_of
from apps.matching.keys import exact_keys
from apps.matching.prepared import salted
from apps.matching.rule import Rule
from apps.matching.selectors.records import Told, decisions_between, key_holders, ordered_ids
from apps.matching.selectors.rules import NoMatchRule, active_rule, rule_of
from apps.matching.selectors.told import BANDS, KeyTold, PairLine, PassTold, RecordTold
from apps.matching.storage import Pair


def rule_for(spec: EntitySpec, version: int | None) -> Rule | None:
    """Return the match rule to explain by; None for an entity that is matched by key alone."""
    if not spec.match.features:
        if version is not None:
            raise NoMatchRule(f"{spec.plural.capitalize()} are matched by key alone.")
        return None
    return active_rule(spec.name) if version is None else rule_of(spec.name, version)


def scored(
    spec: EntitySpec, rule: Rule, known: Told, pairs: Sequence[Pair]
) -> tuple[engine.Prepared, dict[Pair, tuple[float, float, int]]]:
    """Return the records prepared, and (bits, probability, band) of each pair of ids."""
    ids = list(known.documents)
    position = {record: row for row, record in enumerate(ids)}
    prepared = engine.prepare(table_of(spec, ids, list(known.documents.values())), rule.config)
    left = np.array([position[a] for a, _ in pairs], np.int32)
    right = np.array([position[b] for _, b in pairs], np.int32)
    found = engine.Pairs(left, right, np.zeros(len(pairs), np.uint64))
    scores = engine.score_pairs(prepared, prepared, found, rule.model, rule.config)
    numbers = zip(scores.weight.tolist(), scores.probability.tolist(), scores.band.tolist(), strict=True)
    return prepared, dict(zip(pairs, numbers, strict=True))


def cross_lines(
    spec: EntitySpec,
    rule: Rule | None,
    known: Told,
    left: Sequence[RecordTold],
    right: Sequence[RecordTold],
) -> list[PairLine]:
    """Return every pair of a left and a right record, the strongest first; pairs a person spoke of are marked."""
    both = [(one, other) for one in left for other in right if one.id != other.id]
    said = {
        (each.left, each.right): each.verdict
        for each in decisions_between([record.id for record in (*left, *right)])
    }
    numbers: dict[Pair, tuple[float, float, int]] = {}
    if rule:
        _, numbers = scored(spec, rule, known, [ordered_ids(*each) for each in both])
    lines = []
    for one, other in both:
        weight, probability, band = numbers.get(ordered_ids(one, other), (0.0, 0.0, 0))
        decision = said.get((one.label, other.label)) or said.get((other.label, one.label), "")
        lines.append(PairLine(one, other, weight, probability, BANDS[band], decision))
    return sorted(lines, key=lambda line: (-(line.weight or 0.0), line.left.label, line.right.label))


def passes_of(spec: EntitySpec, rule: Rule, prepared: engine.Prepared) -> tuple[PassTold, ...]:
    """Return every pass that gives a side a key, those that bring the two together first."""
    keys = engine.blocking_keys(prepared, rule.config)
    held: dict[int, tuple[set[int], set[int]]] = {}
    for row, key, number in zip(
        keys.row.tolist(), salted(spec.name, keys), keys.pass_no.tolist(), strict=True
    ):
        held.setdefault(number, (set(), set()))[row].add(key)
    common = sorted(key for left, right in held.values() for key in left & right)
    cap = rule.config.frequency_cap
    holders = key_holders(common, most=cap * 50) if common else {}
    found = []
    for number, (left, right) in sorted(held.items()):
        counts = [holders.get(key, 0) for key in left & right]
        name = " & ".join(rule.config.passes[number])
        least = min(counts, default=0)
        found.append(
            PassTold(name, len(left), len(right), len(left & right), least, bool(counts) and least > cap)
        )
    return tuple(sorted(found, key=lambda each: (not each.shared, each.over_cap)))


def exact_keys_of(spec: EntitySpec, left: Document, right: Document) -> tuple[KeyTold, ...]:
    found = []
    for names in spec.match.keys:
        alone = replace(spec, match=replace(spec.match, keys=(names,)))
        one, other = list(exact_keys(alone, left)), list(exact_keys(alone, right))
        found.append(KeyTold(names, one == other if one and other else None))
    return tuple(found)
