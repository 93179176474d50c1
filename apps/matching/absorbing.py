"""Take changed records into what matching derives: forms, keys, and the pairs they resemble."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.golden.spec import Document, EntitySpec
from apps.matching import storage
from apps.matching.compared import Edge, drop_pairs, take_pairs_of, write_pairs
from apps.matching.engine import Band
from apps.matching.keyring import Pair, read_contents, read_forms, shared_keys, without_key, write_forms
from apps.matching.prepared import Form, forms_of
from apps.matching.rule import Rule
from apps.matching.scoring import Compared, score
from apps.matching.vetoes import conflict

MOST = 200
"""Housemates a record is compared with when its values have drifted: enough to hold it where it is."""


@dataclass(frozen=True, slots=True)
class Absorbed:
    """`seeds` are the records whose neighbourhood may be another one now; `compared` what was scored for it."""

    seeds: set[UUID]
    forms: dict[UUID, Form]
    compared: Compared | None = None


def absorb(
    cursor: Cursor[Any],
    spec: EntitySpec,
    rule: Rule,
    documents: Mapping[UUID, Document],
    *,
    homes: Mapping[UUID, UUID] | None = None,
    again: bool = False,
) -> Absorbed:
    """Prepare these records and compare them with whom they share a key; what did not change costs one read.

    `homes` are the golden records of those that have one. `again` compares all of them even if nothing changed.
    Afterwards the stored pairs are those that a comparison of everything would find.
    """
    forms = forms_of(spec, rule, documents)
    stored = read_forms(cursor, forms)
    changed = {record: form for record, form in forms.items() if again or stored.get(record) != form}
    if not changed:
        return Absorbed(set(), forms)
    old = {record: stored[record] for record in changed if record in stored}
    write_forms(cursor, spec.name, changed, old)
    cap = rule.config.frequency_cap
    pairs, doubtful = shared_keys(cursor, changed, old, cap=cap)
    lost = without_key(cursor, doubtful, cap=cap)
    drop_pairs(cursor, lost)
    before = {edge.pair: edge for edge in take_pairs_of(cursor, list(old))}
    drifted = {
        record: home
        for record, home in (homes or {}).items()
        if record in old and old[record] != forms[record]
    }
    housemates = _housemates(cursor, drifted, before)
    asked = set(pairs) if housemates else None
    wanted = pairs if asked is None else asked | housemates
    forms |= read_contents(cursor, {record for pair in wanted for record in pair if record not in forms})
    compared = score(rule, forms, wanted, least=Band.REVIEW)
    edges = [
        edge
        for found in compared.edges(least=Band.REVIEW)
        if (edge := _kept(found, before.get(found.pair), forms, asked, housemates))
    ]
    write_pairs(cursor, spec.name, edges, rule_version=rule.version)
    touched = [*lost, *before, *(edge.pair for edge in edges)]
    return Absorbed({*changed, *(record for pair in touched for record in pair)}, forms, compared)


def _housemates(cursor: Cursor[Any], homes: Mapping[UUID, UUID], before: Iterable[Pair]) -> set[Pair]:
    """Pair each of these records with others of its golden record: those it resembled, and `MOST` at most besides."""
    if not homes:
        return set()
    members: dict[UUID, list[UUID]] = {}
    for record, home in storage.some_housemates_of(cursor, set(homes.values()), most=MOST + 1).items():
        members.setdefault(home, []).append(record)
    found = {
        storage.ordered(record, other)
        for record, home in homes.items()
        for other in members.get(home, ())
        if other != record
    }
    resembled = [pair for pair in before if pair[0] in homes or pair[1] in homes]
    lived = storage.homes_of(cursor, {record for pair in resembled for record in pair}) if resembled else {}
    return found | {pair for pair in resembled if pair[0] in lived and lived[pair[0]] == lived.get(pair[1])}


def _kept(
    edge: Edge,
    before: Edge | None,
    forms: Mapping[UUID, Form],
    asked: set[Pair] | None,
    housemates: set[Pair],
) -> Edge | None:
    """Return the pair as it is stored: as scored, or held, or not at all. `asked` share a key; None: all of them.

    Two records of one golden record are held together while they may still be one, though their values have drifted:
    a doubt parts nobody who was joined by better evidence; only what is clearly another thing leaves by itself.
    """
    joined = before is not None and before.joins
    shares_key = asked is None or edge.pair in asked
    if edge.pair in housemates:
        differ = conflict(forms[edge.left].tells, forms[edge.right].tells)
        holds = differ or (joined and (edge.band == Band.REVIEW or not shares_key))
    else:
        holds = before is not None and before.held and edge.band == Band.REVIEW
    if holds:
        return Edge(edge.left, edge.right, edge.weight, edge.probability, edge.band, held=True)
    return edge if shares_key else None
