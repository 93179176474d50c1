"""How a golden record came about: the links that hold it, the weakest one, and what falls apart without which."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from uuid import UUID

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching import engine
from apps.matching.keys import exact_keys
from apps.matching.scoring import Rule
from apps.matching.selectors.comparing import rule_for, scored
from apps.matching.selectors.masking import hidden_attributes, masked_cluster
from apps.matching.selectors.records import (
    NothingToExplain,
    Told,
    decisions_between,
    ordered_ids,
    side_of,
    told,
)
from apps.matching.selectors.told import (
    BANDS,
    ClusterExplanation,
    DecisionTold,
    EdgeTold,
    MemberTold,
    PairLine,
    Reason,
    RecordTold,
    SideTold,
)
from apps.matching.storage import Pair

MOST = 120
"""Members that are looked at; a larger golden record is told by the first of them."""
FORCED = 1_000.0
"""Bits a person's word or a shared key stands for: such a link is never the weakest one."""

_JOINED = "SELECT source_record_id, method, assigned_at FROM sources_crosswalk WHERE record_id = %s"


class Links:
    """Every pair of members with its strength, and what holds it: evidence, a person's word or a key."""

    def __init__(
        self, spec: EntitySpec, rule: Rule | None, known: Told, decisions: Sequence[DecisionTold]
    ) -> None:
        self.members: list[RecordTold] = list(known.records.values())
        self.pairs: list[Pair] = [ordered_ids(*each) for each in combinations(self.members, 2)]
        self.numbers: dict[Pair, tuple[float, float, int]] = {}
        if rule and self.pairs:
            _, self.numbers = scored(spec, rule, known, self.pairs)
        self.said = {frozenset((each.left, each.right)): each.verdict for each in decisions}
        self.keys = {record: set(exact_keys(spec, document)) for record, document in known.documents.items()}
        self.records = known.records

    def line(self, pair: Pair) -> PairLine:
        left, right = (self.records[each] for each in pair)
        weight, probability, band = self.numbers.get(pair, (0.0, 0.0, 0))
        return PairLine(left, right, weight, probability, BANDS[band], self.word(pair))

    def word(self, pair: Pair) -> str:
        return self.said.get(frozenset(self.records[each].label for each in pair), "")

    def basis(self, pair: Pair) -> str:
        """Return what joins the two: decision, key, evidence, or nothing."""
        if self.word(pair) == "match":
            return "decision"
        if self.keys[pair[0]] & self.keys[pair[1]]:
            return "key"
        return "evidence" if self.numbers.get(pair, (0, 0, 0))[2] == engine.Band.MATCH else "nothing"

    def strength(self, pair: Pair) -> float:
        bits = self.numbers.get(pair, (0.0, 0.0, 0))[0]
        return bits + (FORCED if self.basis(pair) in ("decision", "key") else 0.0)


def explain_cluster(*, spec: EntitySpec, reference: str, clear: bool) -> ClusterExplanation:
    """Explain what holds a golden record together, by the active match rule and people's decisions.

    `reference` is a golden id or code, or "system:key". Raises NothingToExplain, NoMatchRule.
    """
    side = side_of(spec, reference)
    golden = side.golden or side.members[0].home
    if golden is None:
        raise NothingToExplain(f"{reference} belongs to no golden record yet.")
    if side.golden is None:
        side = side_of(spec, str(golden))
    rule = rule_for(spec, None)
    members = side.members[:MOST]
    known = told(spec, members)
    decisions = decisions_between([each.id for each in members])
    links = Links(spec, rule, known, decisions)
    tree = _spanning_tree(links)
    joined = _joined(golden)
    edges = tuple(_edge(pair, tree, links) for pair in tree)
    found = ClusterExplanation(
        entity=spec.name,
        record_id=golden,
        code=side.code,
        title=side.title,
        rule_version=rule.version if rule else None,
        match_threshold=rule.config.match_threshold if rule else 1.0,
        members=tuple(_member(each, links, joined) for each in members),
        edges=edges,
        weakest=edges[-1] if edges else None,
        anew=_anew(rule, links),
        decisions=tuple(decisions),
        reasons=_reasons(side, edges, decisions),
        left_out=len(side.members) - len(members),
    )
    if clear:
        return found
    return masked_cluster(spec, found, hidden_attributes(spec, rule.config) if rule else frozenset())


def _joined(record_id: UUID) -> dict[UUID, tuple[str, datetime]]:
    with raw_cursor() as cursor:
        cursor.execute(_JOINED, (record_id,))
        return {record: (method, at) for record, method, at in cursor}


def _spanning_tree(links: Links) -> list[Pair]:
    """Return the strongest links that reach every member, the strongest first."""
    if len(links.members) < 2:
        return []
    place = {record.id: at for at, record in enumerate(links.members)}
    strengths = np.array([links.strength(pair) for pair in links.pairs])
    cost = strengths.max() - strengths + 1.0
    rows, columns = np.array([[place[a], place[b]] for a, b in links.pairs]).T
    graph = coo_array((cost, (rows, columns)), shape=(len(place), len(place)))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    ids = [record.id for record in links.members]
    chosen = {
        ordered_ids_of(ids[a], ids[b]) for a, b in zip(tree.row.tolist(), tree.col.tolist(), strict=True)
    }
    return sorted(chosen, key=lambda pair: (-links.strength(pair), pair))


def ordered_ids_of(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)


def _groups(links: Links, pairs: Sequence[Pair], *, but: UUID | None = None) -> tuple[tuple[str, ...], ...]:
    """Return the members, `but` one, as they hang together by these pairs: labels by group, the largest first."""
    staying = [record for record in links.members if record.id != but]
    place = {record.id: at for at, record in enumerate(staying)}
    inside = [(place[a], place[b]) for a, b in pairs if a in place and b in place]
    rows, columns = np.array(inside).T if inside else (np.zeros(0, int), np.zeros(0, int))
    graph = coo_array((np.ones(len(inside)), (rows, columns)), shape=(len(place), len(place)))
    _, labels = connected_components(graph, directed=False)
    groups: dict[int, list[str]] = {}
    for record, label in zip(staying, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(record.label)
    return tuple(tuple(group) for group in sorted(groups.values(), key=lambda each: (-len(each), each)))


def _firm(links: Links) -> list[Pair]:
    return [pair for pair in links.pairs if links.basis(pair) != "nothing"]


def _edge(pair: Pair, tree: Sequence[Pair], links: Links) -> EdgeTold:
    """Return a link with the two groups that only it holds together, if nothing else firm does."""
    rest = [each for each in _firm(links) if each != pair]
    groups = _groups(links, rest)
    whole = _groups(links, _firm(links))
    sides = _groups(links, [each for each in tree if each != pair]) if len(groups) > len(whole) else ()
    return EdgeTold(links.line(pair), links.basis(pair), sides)


def _member(record: RecordTold, links: Links, joined: Mapping[UUID, tuple[str, datetime]]) -> MemberTold:
    own = [pair for pair in links.pairs if record.id in pair]
    best = max(own, key=links.strength, default=None)
    firm = _firm(links)
    without = _groups(links, firm, but=record.id)
    loose = _groups(links, firm)
    # Alone already among the rest is no falling apart that this member's going would cause.
    before = tuple(group for group in loose if group != (record.label,))
    method, at = joined[record.id]
    return MemberTold(
        record, method, at, links.line(best) if best else None, without if len(without) > len(before) else ()
    )


def _anew(rule: Rule | None, links: Links) -> tuple[tuple[str, ...], ...]:
    if rule is None or not links.pairs:
        return _groups(links, _firm(links))
    place = {record.id: at for at, record in enumerate(links.members)}
    left = np.array([place[a] for a, _ in links.pairs], np.int32)
    right = np.array([place[b] for _, b in links.pairs], np.int32)
    weight, probability, band = (
        np.array([links.numbers[pair][at] for pair in links.pairs]) for at in range(3)
    )
    nothing = np.zeros((len(links.pairs), 0))
    scores = engine.Scores(
        weight.astype(np.float64), probability.astype(np.float64), band.astype(np.uint8),
        nothing.astype(np.uint8), nothing.astype(np.float32),
    )  # fmt: skip
    pairs = engine.Pairs(left, right, np.zeros(len(links.pairs), np.uint64))
    words = {
        word: [(place[a], place[b]) for a, b in links.pairs if links.word((a, b)) == word]
        for word in ("match", "never")
    }
    labels = engine.cluster(
        len(place), pairs, scores, rule.config, never=words["never"], must=words["match"]
    )  # fmt: skip
    groups: dict[int, list[str]] = {}
    for record, label in zip(links.members, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(record.label)
    return tuple(tuple(group) for group in sorted(groups.values(), key=lambda each: (-len(each), each)))


def _reasons(
    side: SideTold, edges: Sequence[EdgeTold], decisions: Sequence[DecisionTold]
) -> tuple[Reason, ...]:
    found = []
    if len(side.members) == 1:
        found.append(Reason("alone", "It has one member; nothing holds it together and nothing can split."))
    bound = [each for each in decisions if each.verdict == "match"]
    if bound:
        found.append(Reason("must_match", f"People bound {len(bound)} pairs of its members as a match."))
    weakest = edges[-1] if edges else None
    if weakest and weakest.basis == "nothing":
        text = (
            f"{weakest.line.left.label} and {weakest.line.right.label} are its weakest link, and no rule, key or"
            " decision of today would join them: they are one by an earlier rule, a merge by hand, or earlier values."
        )
        found.append(Reason("held_by_history", text))
    elif weakest:
        held = [each for each in edges if each.sides]
        text = f"{len(held)} of its {len(edges)} strongest links cannot be spared." if held else ""
        found.append(Reason("held", text or "No single link is needed: every member is held at least twice."))
    return tuple(found)
