"""What a re-match with any version of a rule would come to, on the data of this moment. Reads only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import numpy as np
from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.compared import Edge, Member, held_pairs
from apps.matching.contracts import Joined
from apps.matching.engine import Band
from apps.matching.landscape import Landscape, current_forms, members_of_entity, survey
from apps.matching.models import MatchRule, PairSnapshot
from apps.matching.packing import shape_of, unpack
from apps.matching.regrouping import ReviewsToCome, regroup, reviews_to_come
from apps.matching.rule import Rule
from apps.matching.scoring import score
from apps.matching.selectors.moments import data_moment
from apps.matching.selectors.rules import rule_of_row

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class Outlook:
    """Records that would move (`joined`), golden records that would become one, and the evidence for it."""

    records: int
    pairs: int
    matches: int
    members: tuple[Member, ...]
    joined: tuple[Joined, ...]
    merges: tuple[tuple[UUID, ...], ...]
    edges: list[Edge] = field(repr=False)


def any_rule(rule_id: int) -> Rule:
    """Return a version of a match rule as it is now, a draft too."""
    return rule_of_row(MatchRule.objects.get(pk=rule_id))


def rematch_outlook(*, spec: EntitySpec, rule: Rule, report: Report) -> Outlook:
    """Decide about all records of an entity as a full re-match with the rule would.

    What was compared for the studio is taken from there if the data is the same still.
    """
    with raw_cursor() as cursor:
        members = members_of_entity(cursor, spec.name)
        report("reading and comparing records", 0.05)
        landscape = _landscape(spec, rule, members)
        scores = landscape.scores(rule)
        edges = _with_held(cursor, spec, rule, landscape, landscape.edges(scores))
        report("grouping records", 0.45)
        decisions = storage.decisions_of_entity(cursor, spec.name)
        settled = regroup(spec, rule, members, edges, decisions, landscape.forms)
    return Outlook(
        records=len(landscape.ids),
        pairs=len(landscape.pairs),
        matches=int(np.count_nonzero(scores.band == Band.MATCH)),
        members=tuple(members),
        joined=settled.joined,
        merges=settled.merges,
        edges=edges,
    )


def _with_held(
    cursor: Cursor[Any], spec: EntitySpec, rule: Rule, landscape: Landscape, edges: list[Edge]
) -> list[Edge]:
    """Return the edges with those of held pairs: scored whether or not they share a key, as a re-match does.

    A pair is held still where the same version decides again; another version decides without it.
    """
    held = {(left, right): version == rule.version for left, right, version in held_pairs(cursor, spec.name)}
    if not held:
        return edges
    known = {edge.pair for edge in edges}
    forms = landscape.forms
    asked = [pair for pair in held if pair not in known and pair[0] in forms and pair[1] in forms]
    concerned = {record: forms[record] for pair in asked for record in pair}
    more = score(rule, concerned, asked).edges(least=Band.REVIEW) if asked else []
    found = [replace(edge, held=True) if held.get(edge.pair) else edge for edge in (*edges, *more)]
    return sorted(found, key=lambda edge: edge.pair)


def _landscape(spec: EntitySpec, rule: Rule, members: list[Member]) -> Landscape:
    moment = data_moment(entity_name=spec.name)
    snapshot = PairSnapshot.objects.filter(**shape_of(rule), moment=moment).first()
    with raw_cursor() as cursor:
        if snapshot is None:
            return survey(cursor, spec, rule)
        stored = unpack(bytes(snapshot.payload))
        forms = current_forms(cursor, spec, rule, [member.id for member in members])
        return Landscape(stored.ids, forms, stored.pairs, stored.measured)


def review_outlook(*, spec: EntitySpec, edges: list[Edge], after: Mapping[UUID, UUID]) -> ReviewsToCome:
    """Return what becomes of the review queue once every source record lives in the golden record `after` names."""
    with raw_cursor() as cursor:
        return reviews_to_come(cursor, spec, edges, after)
