"""Take the snapshots the tuning studio works on."""

from datetime import datetime
from typing import Any

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching.blocking_statistics import blocking_statistics
from apps.matching.landscape import Landscape, survey
from apps.matching.models import PairSnapshot
from apps.matching.packing import pack, shape_of
from apps.matching.rule import Rule
from apps.matching.selectors.moments import data_moment


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
