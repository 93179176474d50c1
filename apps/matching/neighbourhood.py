"""What a record is connected with, decided anew as a whole: so the outcome does not depend on who came when."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID

import numpy as np
from psycopg import Cursor

from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.compared import Edge, Member, pairs_among, reach
from apps.matching.engine import LARGEST_CLIQUE, Pairs, Scores, cluster
from apps.matching.keyring import Pair, read_contents
from apps.matching.models import Verdict
from apps.matching.prepared import Form
from apps.matching.rule import Rule
from apps.matching.scoring import score
from apps.matching.vetoes import vetoed_pairs

MOST = 50_000
"""Records one decision looks at; beyond it golden records stay whole, and only new records find a home."""
MOST_CUTS = 32
"""How often one decision is cut in two to keep giants away from the others."""
BY_RULE = ("new", "match")
"""How rules bring a record into a golden record; whoever came in another way was put there by a person."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Source records, where they live, and the groups they should live in."""

    homes: dict[UUID, UUID]
    groups: list[list[UUID]]
    edges: list[Edge]
    decisions: dict[Pair, str]


def decide(
    cursor: Cursor[Any],
    spec: EntitySpec,
    rule: Rule,
    seeds: Iterable[UUID],
    *,
    known: Mapping[UUID, Form] | None = None,
    cuts: Iterator[int] | None = None,
) -> Neighbourhood:
    """Group everything that is connected with the seeds by the evidence there is, whatever the groups are now.

    `known` are forms the caller has read already. Decisions of people hold over whole groups. Where there is more
    than one decision can look at, the seeds are decided in parts, as long as `cuts` last (`MOST_CUTS` for a caller).
    """
    wanted = list(dict.fromkeys(seeds))
    members = reach(cursor, wanted, most=MOST)
    cuts = iter(range(MOST_CUTS)) if cuts is None else cuts
    if len(members) >= MOST and len(wanted) > 1 and next(cuts, None) is not None:
        half = len(wanted) // 2
        first = decide(cursor, spec, rule, wanted[:half], known=known, cuts=cuts)
        decided = {record for group in first.groups for record in group}
        rest = [seed for seed in wanted[half:] if seed not in decided]
        return _joined(first, decide(cursor, spec, rule, rest, known=known, cuts=cuts)) if rest else first
    ids = sorted(member.id for member in members)
    edges = pairs_among(cursor, ids) if len(ids) > 1 else []
    decisions = storage.decisions_among(cursor, ids) if len(ids) > 1 else {}
    held = dict(known or {})

    def forms_of(records: set[UUID]) -> Mapping[UUID, Form]:
        return held | read_contents(cursor, records - held.keys())

    return group_members(spec, rule, members, edges, decisions, forms_of=forms_of)


def _joined(first: Neighbourhood, second: Neighbourhood) -> Neighbourhood:
    """Two decisions as one; where both looked at a part of one giant, the second adds to what the first grouped."""
    decisions = first.decisions | second.decisions
    apart = _said(decisions, Verdict.NEVER)
    groups = [list(group) for group in first.groups]
    place = {record: at for at, group in enumerate(groups) for record in group}
    for group in second.groups:
        met = Counter(place[record] for record in group if record in place)
        new = [record for record in group if record not in place]
        home = groups[met.most_common(1)[0][0]] if met else None
        if home is not None and not _parted(home, new, apart):
            home += new
        elif new:
            groups.append(new)
    return Neighbourhood(first.homes | second.homes, groups, first.edges + second.edges, decisions)


def _parted(some: Sequence[UUID], others: Sequence[UUID], apart: Sequence[Pair]) -> bool:
    one, two = set(some), set(others)
    return any((a in one and b in two) or (a in two and b in one) for a, b in apart)


def group_members(
    spec: EntitySpec,
    rule: Rule,
    members: Sequence[Member],
    edges: list[Edge],
    decisions: dict[Pair, str],
    *,
    forms_of: Callable[[set[UUID]], Mapping[UUID, Form]],
) -> Neighbourhood:
    """Group records by the evidence among them; `forms_of` gives at least the forms it is asked for.

    What is decided depends on nothing else: a simulation asks here with evidence that is not stored.
    """
    homes = {member.id: member.home for member in members if member.home}
    ids = sorted(member.id for member in members)
    if len(ids) < 2:
        return Neighbourhood(homes, [ids] if ids else [], [], {})
    alike = grouped(ids, [*_joining(edges), *_said(decisions, Verdict.MATCH)])
    concerned = {record for group in alike if len(group) > 1 for record in group} | _sharing(members)
    forms = forms_of(concerned)
    fresh = {
        record
        for record in concerned
        if (form := forms.get(record)) and form.compared and form.fingerprint == rule.fingerprint
    }
    must = [*_said(decisions, Verdict.MATCH), *(edge.pair for edge in edges if edge.held)]
    must += _kept(members, fresh, whole=len(ids) >= MOST)
    never = _said(decisions, Verdict.NEVER)
    if spec.match.vetoes:
        settled = {*must}
        told = {record: form.tells for record, form in forms.items() if record in concerned}
        never += [pair for pair in vetoed_pairs(alike, told) if pair not in settled]
    compared = edges + _unasked(rule, alike, edges, {record: forms[record] for record in fresh})
    return Neighbourhood(homes, _clusters(rule, ids, compared, never, must), edges, decisions)


def grouped(ids: Sequence[UUID], links: Iterable[Pair]) -> list[list[UUID]]:
    """Return the connected groups, each in order."""
    leader = {record: record for record in ids}

    def find(record: UUID) -> UUID:
        while leader[record] != record:
            leader[record] = record = leader[leader[record]]
        return record

    for one, other in links:
        if one in leader and other in leader:
            a, b = find(one), find(other)
            if a != b:
                leader[max(a, b)] = min(a, b)
    groups: dict[UUID, list[UUID]] = {}
    for record in ids:
        groups.setdefault(find(record), []).append(record)
    return list(groups.values())


def _joining(edges: Iterable[Edge]) -> list[Pair]:
    return [edge.pair for edge in edges if edge.joins]


def _said(decisions: Mapping[Pair, str], verdict: Verdict) -> list[Pair]:
    return [pair for pair, said in decisions.items() if said == verdict]


def _sharing(members: Iterable[Member]) -> set[UUID]:
    """Return the records that share their golden record with another."""
    seen: dict[UUID, list[UUID]] = {}
    for member in members:
        if member.home:
            seen.setdefault(member.home, []).append(member.id)
    return {record for records in seen.values() if len(records) > 1 for record in records}


def _kept(members: Iterable[Member], fresh: set[UUID], *, whole: bool) -> list[Pair]:
    """Bind to their golden record those whom a person put there, and those of whom nothing is known yet."""
    by_home: dict[UUID, list[Member]] = {}
    for member in sorted(members, key=lambda each: each.id):
        if member.home:
            by_home.setdefault(member.home, []).append(member)
    links = []
    for housemates in by_home.values():
        if len(housemates) < 2:
            continue
        free = [each.id for each in housemates if each.method in BY_RULE and each.id in fresh and not whole]
        bound = [each.id for each in housemates if each.id not in free]
        anchor = free[0] if free else bound[0]
        links += [storage.ordered(anchor, record) for record in bound if record != anchor]
    return links


def _unasked(
    rule: Rule, alike: Iterable[Sequence[UUID]], edges: Iterable[Edge], forms: Mapping[UUID, Form]
) -> list[Edge]:
    """Score the pairs inside connected groups of three and more that nobody keeps because they are unlike."""
    known = {edge.pair for edge in edges}
    pairs = [
        pair
        for group in alike
        if 2 < len(group) <= LARGEST_CLIQUE
        for pair in combinations([record for record in group if record in forms], 2)
        if pair not in known
    ]
    return score(rule, forms, pairs).edges() if pairs else []


def _clusters(
    rule: Rule, ids: Sequence[UUID], edges: Sequence[Edge], never: Sequence[Pair], must: Sequence[Pair]
) -> list[list[UUID]]:
    position = {record: row for row, record in enumerate(ids)}

    def rows(pairs: Sequence[Pair]) -> list[tuple[int, int]]:
        inside = ((position.get(one), position.get(other)) for one, other in pairs)
        return [(one, other) for one, other in inside if one is not None and other is not None]

    count = len(edges)
    pairs = Pairs(
        np.fromiter((position[edge.left] for edge in edges), np.int32, count),
        np.fromiter((position[edge.right] for edge in edges), np.int32, count),
        np.zeros(count, np.uint64),
    )
    scores = Scores(
        np.fromiter((edge.weight for edge in edges), np.float64, count),
        np.fromiter((edge.probability for edge in edges), np.float64, count),
        np.fromiter((edge.band for edge in edges), np.uint8, count),
        np.zeros((count, 0), np.uint8),
        np.zeros((count, 0), np.float32),
    )
    labels = cluster(len(ids), pairs, scores, rule.config, never=rows(never), must=rows(must))
    groups: dict[int, list[UUID]] = {}
    for record, label in zip(ids, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(record)
    return list(groups.values())
