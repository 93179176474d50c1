"""What a re-match with any version of a rule would come to, on the data of this moment. Reads only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.core.collecting import collector_held
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.compared import Edge, Member
from apps.matching.contracts import Joined
from apps.matching.engine import Band
from apps.matching.holding import held_pairs
from apps.matching.landscape import Evidence, current_forms, evidence_of, members_of_entity
from apps.matching.models import MatchRule, PairSnapshot
from apps.matching.packing import shape_of, unpack
from apps.matching.prepared import Form
from apps.matching.regrouping import ReviewsToCome, regroup, reviews_to_come
from apps.matching.rule import Rule
from apps.matching.scoring import score
from apps.matching.selectors.moments import data_moment
from apps.matching.selectors.rules import rule_of_row

Report = Callable[[str, float], None]
FormsOf = Callable[[set[UUID]], Mapping[UUID, Form]]


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
    with raw_cursor() as cursor, collector_held():

        def forms_of(records: Iterable[UUID]) -> Mapping[UUID, Form]:
            return current_forms(cursor, spec, rule, sorted(records))

        report("reading and comparing records", 0.05)
        evidence = _evidence(cursor, spec, rule)
        edges = _with_held(cursor, spec, rule, evidence.edges, forms_of)
        report("grouping records", 0.45)
        members = members_of_entity(cursor, spec.name)
        decisions = storage.decisions_of_entity(cursor, spec.name)
        settled = regroup(spec, rule, members, edges, decisions, forms_of)
    return Outlook(
        records=evidence.records,
        pairs=evidence.pairs,
        matches=sum(edge.band == Band.MATCH for edge in evidence.edges),
        members=tuple(members),
        joined=settled.joined,
        merges=settled.merges,
        edges=edges,
    )


def _with_held(
    cursor: Cursor[Any], spec: EntitySpec, rule: Rule, edges: list[Edge], forms_of: FormsOf
) -> list[Edge]:
    """Return the edges with those of held pairs: scored whether or not they share a key, as a re-match does.

    A pair is held still where the version decides again that held it; another version decides without it.
    """
    held = held_pairs(cursor, spec.name, version=rule.version)
    if not held:
        return edges
    known = {edge.pair for edge in edges}
    forms = forms_of({record for pair in held if pair not in known for record in pair})
    asked = [pair for pair in held if pair not in known and pair[0] in forms and pair[1] in forms]
    more = score(rule, forms, asked).edges(least=Band.REVIEW) if asked else []
    found = [replace(edge, held=True) if held.get(edge.pair) else edge for edge in (*edges, *more)]
    return sorted(found, key=lambda edge: edge.pair)


def _evidence(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> Evidence:
    moment = data_moment(entity_name=spec.name)
    snapshot = PairSnapshot.objects.filter(**shape_of(rule), moment=moment).first()
    if snapshot is None:
        return evidence_of(cursor, spec, rule)
    stored = unpack(bytes(snapshot.payload))
    return Evidence(len(stored.ids), len(stored.pairs), stored.edges(rule))


def review_outlook(*, spec: EntitySpec, edges: list[Edge], after: Mapping[UUID, UUID]) -> ReviewsToCome:
    """Return what becomes of the review queue once every source record lives in the golden record `after` names."""
    with raw_cursor() as cursor:
        return reviews_to_come(cursor, spec, edges, after)
