"""Correct what does not fit together, set-based, where only one correction is right."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.golden.models import RecordStatus
from apps.golden.spec import EntitySpec
from apps.golden.writers import repoint_redirects
from apps.mastering.contracts import Difference, Move
from apps.mastering.models import RefusedReference
from apps.mastering.services.auditing import (
    HOMELESS,
    LONG_CHAIN,
    MERGED_HOME,
    OTHER_KEY,
    REFUSED_OF_MERGED,
    VALUES_OF_MERGED,
    structural_differences,
)
from apps.mastering.services.redirecting import delete_typed_rows
from apps.sources.models import Crosswalk
from apps.sources.services import correct_keys, let_homeless_wait


def mend_structure(*, spec: EntitySpec, now: datetime) -> tuple[Counter[str], list[Move]]:
    """Correct crosswalk, redirects and rows; return how many of each kind, and the members that must move.

    The caller plans and applies the moves. Run it in a transaction that took the turn; a constant number of statements.
    """
    found: dict[str, list[Difference]] = {}
    for difference in structural_differences(spec):
        found.setdefault(difference.cause, []).append(difference)
    done = Counter({cause: len(rows) for cause, rows in found.items() if rows[0].mended})
    if LONG_CHAIN in found:
        _shorten_chains(spec, now=now)
    if OTHER_KEY in found:
        correct_keys(entity=spec.name, now=now)
    if HOMELESS in found:
        let_homeless_wait(entity=spec.name, now=now)
    if VALUES_OF_MERGED in found:
        delete_typed_rows(spec, sorted(_records(found[VALUES_OF_MERGED])), now=now)
    if REFUSED_OF_MERGED in found:
        RefusedReference.objects.filter(record__in=_records(found[REFUSED_OF_MERGED])).delete()
    return done, _moves(spec) if MERGED_HOME in found else []


def _records(differences: list[Difference]) -> set[UUID]:
    return {each.record_id for each in differences if each.record_id}


def _shorten_chains(spec: EntitySpec, *, now: datetime) -> None:
    """Let every redirect lead to the end of its chain; one that leads round in a circle stays, and is listed again."""
    with raw_cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE way (start, node, depth) AS ("
            " SELECT id, merged_into_id, 1 FROM golden_goldenrecord WHERE entity = %s AND status = 'merged'"
            " UNION ALL SELECT w.start, g.merged_into_id, w.depth + 1 FROM way w JOIN golden_goldenrecord g"
            " ON g.id = w.node AND g.status = 'merged' WHERE w.depth < 100)"
            " SELECT w.start, w.node FROM way w JOIN golden_goldenrecord g ON g.id = w.node AND g.status <> 'merged'"
            " WHERE w.depth > 1",
            (spec.name,),
        )
        repoint_redirects(cursor, dict(cursor.fetchall()), now=now)


def _moves(spec: EntitySpec) -> list[Move]:
    """Return the moves of members of merged records to their survivors, by now one step away."""
    lost = Crosswalk.objects.filter(entity=spec.name, record__status=RecordStatus.MERGED)
    led = lost.exclude(record__merged_into__status=RecordStatus.MERGED).order_by("pk")
    rows = led.values_list("source_record_id", "record__merged_into", "method")
    return [Move(source, survivor, method) for source, survivor, method in rows if survivor]
