"""Explain any two records of an entity: source or golden, whether ever compared or not."""

from collections.abc import Sequence
from dataclasses import replace

from apps.core.errors import Invalid
from apps.golden.spec import Document, EntitySpec
from apps.matching import engine
from apps.matching.features import table_of
from apps.matching.scoring import Rule
from apps.matching.selectors.comparing import cross_lines, exact_keys_of, passes_of, rule_for, scored
from apps.matching.selectors.masking import hidden_attributes, hides, masked_line, masked_pair, paths_of
from apps.matching.selectors.reasons import reasons_of
from apps.matching.selectors.records import (
    Told,
    cells,
    decisions_between,
    ordered_ids,
    side_of,
    stored_pairs,
    told,
)
from apps.matching.selectors.told import (
    BANDS,
    AlternativeTold,
    AttributeTold,
    ConflictTold,
    PairExplanation,
    PairLine,
    PassTold,
    Reason,
    RecordsExplanation,
    RecordTold,
    SideTold,
    kind_of,
)
from apps.matching.vetoes import differing

MOST_MEMBERS = 40
"""Members of a golden record that are compared across; more of them tell nothing new."""
LINES = 12


def explain_records(
    *, spec: EntitySpec, a: str, b: str, clear: bool, version: int | None = None
) -> RecordsExplanation:
    """Explain why two records are one or are not, by the active match rule or by an earlier `version`.

    `a` and `b` are golden ids or codes, "system:key", or ids of source records. Of two golden records the strongest
    pair of members is explained in full. `clear`: the asker may see personal attributes.
    Raises NothingToExplain, NoMatchRule, Invalid when both are the same.
    """
    one, other = side_of(spec, a), side_of(spec, b)
    if one.members[0].id == other.members[0].id and one.golden == other.golden:
        raise Invalid("Both are the same record; ask how its golden record came about instead.")
    if one.golden and one.golden == other.golden:
        raise Invalid("Both are one golden record by now; ask how it came about instead.")
    rule = rule_for(spec, version)
    left, right = one.members[:MOST_MEMBERS], other.members[:MOST_MEMBERS]
    if other.golden and len(one.members) == 1:
        right = tuple(each for each in right if each.id != one.members[0].id) or right
    if one.golden and len(other.members) == 1:
        left = tuple(each for each in left if each.id != other.members[0].id) or left
    known = told(spec, {each.id: each for each in (*left, *right)}.values())
    lines = cross_lines(spec, rule, known, left, right)
    strongest = lines[0]
    pair = explain_pair(
        spec, rule, known, strongest.left, strongest.right, around=_housemates(spec, strongest, one, other)
    )
    asked = len(one.members) * len(other.members)
    shown = tuple(lines[:LINES])
    if not clear:
        hidden = hidden_attributes(spec, rule.config) if rule else frozenset[str]()
        pair = masked_pair(spec, pair, hidden)
        shown = tuple(masked_line(spec, each) for each in shown)
        one, other = _masked_side(spec, one), _masked_side(spec, other)
    return RecordsExplanation(spec.name, one, other, pair.together, pair, shown, max(asked - len(lines), 0))


def _housemates(spec: EntitySpec, line: PairLine, one: SideTold, other: SideTold) -> list[RecordTold]:
    """Return everybody who lives with one of the two, as far as members are looked at."""
    found = {each.id: each for each in (*one.members, *other.members)}
    for home in {line.left.home, line.right.home} - {one.golden, other.golden, None}:
        found |= {each.id: each for each in side_of(spec, str(home)).members[:MOST_MEMBERS]}
    return list(found.values())


def _masked_side(spec: EntitySpec, side: SideTold) -> SideTold:
    if not hides(spec, [spec.title_attribute]):
        return side
    return replace(side, title="", members=tuple(replace(each, home_title="") for each in side.members))


def explain_pair(
    spec: EntitySpec,
    rule: Rule | None,
    known: Told,
    one: RecordTold,
    other: RecordTold,
    *,
    around: Sequence[RecordTold] = (),
) -> PairExplanation:
    """Explain two source records in full and in clear; `around` are the members of both golden records."""
    left, right = known.documents[one.id], known.documents[other.id]
    direct = ordered_ids(one, other)
    people = {record.id for record in (one, other, *around)}
    base = PairExplanation(
        entity=spec.name, left=one, right=other, rule_version=None, model_version="", prior=0.0, attributes=(),
        correction=None, total=None, probability=None, band=BANDS[0], match_threshold=1.0, review_threshold=1.0,
        match_weight=0.0, review_weight=0.0,
        keys=exact_keys_of(spec, left, right),
        conflicts=tuple(ConflictTold(*each) for each in differing(spec, left, right)),
        decisions=tuple(decisions_between(sorted(people), direct)),
        stored=stored_pairs([one.id, other.id]).get(direct),
        together=one.home is not None and one.home == other.home,
    )  # fmt: skip
    if rule:
        base = _with_comparison(spec, rule, known, base)
    reasons = reasons_of(base)
    if rule and base.band == "MATCH" and not base.together and not base.conflicts:
        reasons += _held_apart(spec, rule, base, around)
    return replace(base, reasons=reasons)


def _held_apart(
    spec: EntitySpec, rule: Rule, pair: PairExplanation, around: Sequence[RecordTold]
) -> tuple[Reason, ...]:
    """Return what in their groups keeps two records apart whose own evidence is good enough."""
    groups = [
        [each for each in around if each.home == side.home or each.id == side.id]
        for side in (pair.left, pair.right)
    ]
    both = [(one, other) for one in groups[0] for other in groups[1] if one.id != other.id]
    if len(both) < 2:
        return ()
    known = told(spec, {each.id: each for group in groups for each in group}.values())
    for one, other in both:
        for path, left, right in differing(spec, known.documents[one.id], known.documents[other.id]):
            text = f"{one.label} and {other.label}, their housemates, differ in {path} ({left} and {right})."
            return (Reason("veto_between_others", text),)
    _, numbers = scored(spec, rule, known, sorted({ordered_ids(*each) for each in both}))
    mean = sum(weight - pair.match_weight for weight, _, _ in numbers.values()) / len(numbers)
    text = (
        f"Over all {len(both)} pairs of their golden records the evidence lies {mean:+.1f} bits off a match."
    )
    return (Reason("groups_compared", text),)


def _with_comparison(spec: EntitySpec, rule: Rule, known: Told, base: PairExplanation) -> PairExplanation:
    one, other = base.left, base.right
    documents = [known.documents[one.id], known.documents[other.id]]
    prepared = engine.prepare(table_of(spec, [one.id, other.id], documents), rule.config)
    why = engine.explain(prepared, prepared, rule.model, rule.config, left_row=0, right_row=1)
    raw = [known.raw.get(each.id, {}) for each in (one, other)]
    return with_numbers(spec, rule, base, why, documents, raw, passes=passes_of(spec, rule, prepared))


def with_numbers(
    spec: EntitySpec,
    rule: Rule,
    base: PairExplanation,
    why: engine.Explanation,
    documents: Sequence[Document],
    raw: Sequence[Document],
    *,
    passes: tuple[PassTold, ...] = (),
) -> PairExplanation:
    """Fill in what the engine tells of the two."""
    return replace(
        base,
        rule_version=rule.version,
        model_version=why.model_version,
        prior=why.prior,
        attributes=tuple(_attribute(spec, rule, each, documents, raw) for each in why.evidence),
        correction=why.correction,
        total=why.total,
        probability=why.probability,
        band=why.band.name,
        match_threshold=rule.config.match_threshold,
        review_threshold=rule.config.review_threshold,
        match_weight=why.match_weight,
        review_weight=why.review_weight,
        alternatives=tuple(_alternative(spec, rule, each, why) for each in why.alternatives),
        decisive=why.flips,
        passes=passes,
        cap=rule.config.frequency_cap,
    )


def _attribute(
    spec: EntitySpec,
    rule: Rule,
    each: engine.Evidence,
    documents: Sequence[Document],
    raw: Sequence[Document],
) -> AttributeTold:
    paths = paths_of(spec, rule.config, each.attribute)
    return AttributeTold(
        attribute=each.attribute,
        paths=paths,
        type=each.type,
        left_raw=cells(raw[0], paths),
        right_raw=cells(raw[1], paths),
        left=cells(documents[0], paths),
        right=cells(documents[1], paths),
        left_compared=each.left,
        right_compared=each.right,
        similarity=each.similarity,
        level=each.level,
        level_weight=each.level_weight,
        rarity=each.rarity,
        damping=each.damping,
        contribution=each.contribution,
    )


def _alternative(
    spec: EntitySpec, rule: Rule, each: engine.Alternative, why: engine.Explanation
) -> AlternativeTold:
    now = next(e.level for e in why.evidence if e.attribute == each.attribute)
    return AlternativeTold(
        attribute=each.attribute,
        paths=paths_of(spec, rule.config, each.attribute),
        level=each.level,
        kind=kind_of(each.level),
        similarity=each.similarity,
        change=each.change,
        total=each.total,
        probability=each.probability,
        band=each.band.name,
        was_missing=now == 0,
    )
