"""Take the snapshots the tuning studio works on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching.blocking_statistics import blocking_statistics
from apps.matching.landscape import Landscape, survey
from apps.matching.models import MatchRule, PairSnapshot
from apps.matching.packing import pack, shape_of
from apps.matching.rule import Rule
from apps.matching.selectors.moments import data_moment
from apps.matching.selectors.rules import rule_of_row

GRACE = timedelta(days=1)
"""How long a snapshot stays whatever it is of: somebody may be tuning a draft on it."""


def keep_snapshot(*, spec: EntitySpec, rule: Rule, landscape: Landscape, now: datetime) -> PairSnapshot:
    """Store a landscape in place of an earlier one of the same shape of rule."""
    with raw_cursor() as cursor:
        moment = data_moment(entity_name=spec.name)
        blocking = blocking_statistics(cursor, spec, rule, landscape)
    values: dict[str, Any] = {
        "moment": moment,
        "records": len(landscape.ids),
        "pairs": len(landscape.pairs),
        "blocking": blocking,
        "payload": pack(landscape),
        "taken_at": now,
    }
    snapshot, _ = PairSnapshot.objects.update_or_create(**shape_of(rule), defaults=values)
    return snapshot


def take_snapshot(*, spec: EntitySpec, rule: Rule, now: datetime) -> PairSnapshot:
    """Compare everything and store it for the studio; a snapshot of the same data is left as it is."""
    found = PairSnapshot.objects.filter(**shape_of(rule), moment=data_moment(entity_name=spec.name)).first()
    if found is not None:
        return found
    with raw_cursor() as cursor:
        landscape = survey(cursor, spec, rule)
    return keep_snapshot(spec=spec, rule=rule, landscape=landscape, now=now)


@transaction.atomic
def prune_snapshots(*, tried: Iterable[int], now: datetime) -> int:
    """Remove snapshots of yesterday and before that neither an active rule nor one of `tried` (ids) can be weighed on,
    and counts of the state of the data that nobody compares with any more. Return how many snapshots went.
    """
    needed = MatchRule.objects.filter(Q(status="active") | Q(pk__in=list(tried)))
    shapes = [shape_of(rule_of_row(row)) for row in needed]
    kept = [PairSnapshot.objects.filter(**shape).values_list("pk", flat=True).first() for shape in shapes]
    gone, _ = (
        PairSnapshot.objects.filter(taken_at__lt=now - GRACE).exclude(pk__in=filter(None, kept)).delete()
    )
    with raw_cursor() as cursor:
        compact_moments(cursor)
    return gone


def compact_moments(cursor: Cursor[Any]) -> None:
    """Add up the transactions of each entity in the newest one: the word they make stays the same."""
    cursor.execute(
        """
        WITH newest AS (SELECT entity, max(xact) AS xact FROM matching_datamoment GROUP BY 1),
        gone AS (
            DELETE FROM matching_datamoment m USING newest n WHERE n.entity = m.entity AND m.xact < n.xact
            RETURNING m.entity, m.weight)
        UPDATE matching_datamoment m SET weight = m.weight + g.weight
        FROM (SELECT entity, sum(weight) AS weight FROM gone GROUP BY 1) g JOIN newest n USING (entity)
        WHERE m.entity = n.entity AND m.xact = n.xact
        """
    )
