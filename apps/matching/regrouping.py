"""What a rule would make of all records of an entity: who would live with whom, and what stewards would be asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.compared import Edge, Member
from apps.matching.keyring import Pair
from apps.matching.models import Verdict
from apps.matching.neighbourhood import group_members, grouped
from apps.matching.prepared import Form
from apps.matching.reviewing import room_for_reviews
from apps.matching.rule import Rule
from apps.matching.settling import Settled, settle

CHUNK = 20_000
"""Records grouped at a time; connected ones always are together."""


@dataclass(frozen=True, slots=True)
class ReviewsToCome:
    """Open pairs that would be `closed`, those `opened` in their place, and what finds no room (`left_out`)."""

    opened: int
    closed: int
    left_out: int


def regroup(
    spec: EntitySpec,
    rule: Rule,
    members: Sequence[Member],
    edges: Sequence[Edge],
    decisions: Mapping[Pair, str],
    forms_of: Callable[[set[UUID]], Mapping[UUID, Form]],
) -> Settled:
    """Decide all neighbourhoods, as a re-match does one after the other; `forms_of` reads what it is asked for."""
    homes = {member.id: member.home for member in members if member.home}
    groups: list[list[UUID]] = []
    by_id = {member.id: member for member in members}
    inside = _by_left(edges)
    for chunk in _connected(members, edges, decisions):
        ids = set(chunk)
        hood = group_members(
            spec,
            rule,
            [by_id[record] for record in chunk],
            [edge for record in chunk for edge in inside.get(record, ()) if edge.right in ids],
            {pair: said for pair, said in decisions.items() if pair[0] in ids and pair[1] in ids},
            forms_of=forms_of,
        )
        groups += hood.groups
    return settle(groups, homes, method="match", movable=())


def _by_left(edges: Iterable[Edge]) -> dict[UUID, list[Edge]]:
    found: dict[UUID, list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge.left, []).append(edge)
    return found


def _connected(
    members: Sequence[Member], edges: Iterable[Edge], decisions: Mapping[Pair, str]
) -> Iterator[list[UUID]]:
    """Yield chunks of whole connected groups of two and more; what stands alone stays as it is."""
    ids = sorted(member.id for member in members)
    first: dict[UUID, UUID] = {}
    links = [edge.pair for edge in edges if edge.joins]
    links += [pair for pair, said in decisions.items() if said == Verdict.MATCH]
    links += [
        (first.setdefault(member.home, member.id), member.id) for member in members if member.home is not None
    ]
    chunk: list[UUID] = []
    for group in grouped(ids, links):
        if len(group) > 1:
            chunk += group
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def reviews_to_come(
    cursor: Cursor[Any], spec: EntitySpec, edges: Sequence[Edge], after: Mapping[UUID, UUID]
) -> ReviewsToCome:
    """Return what a re-match would do to the review queue once every record lives where `after` says."""
    alike = {edge.pair for edge in edges}
    closed = 0
    asked: set[Pair] = {
        _golden(after, pair)
        for pair in storage.decisions_of_entity(cursor, spec.name)
        if pair[0] in after and pair[1] in after
    }
    cursor.execute(
        "SELECT left_id, right_id, status FROM matching_candidatepair"
        " WHERE entity = %s AND status IN ('open', 'not_match')",
        (spec.name,),
    )
    for left, right, status in cursor:
        if left not in after or right not in after:
            continue
        if status == "open" and (after[left] == after[right] or (left, right) not in alike):
            closed += 1
            continue
        asked.add(_golden(after, (left, right)))
    wanted = {
        _golden(after, edge.pair)
        for edge in edges
        if edge.left in after and edge.right in after and after[edge.left] != after[edge.right]
    }
    waiting = len(wanted - asked)
    room = max(0, room_for_reviews(cursor, spec.name) + closed)
    return ReviewsToCome(min(room, waiting), closed, max(0, waiting - room))


def _golden(after: Mapping[UUID, UUID], pair: Pair) -> Pair:
    return storage.ordered(after[pair[0]], after[pair[1]])
