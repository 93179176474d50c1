"""Review pairs and decisions as the API tells them, in one statement a page."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec

_PAIRS = """
    SELECT p.id, p.entity, l.id, l.system_id, l.key, cl.record_id, r.id, r.system_id, r.key, cr.record_id, p.status,
        p.probability, p.weight, p.value, p.stakes, p.rule_version, p.found_at, p.decided_by, p.decided_at, p.reason,
        p.pattern_id
    FROM matching_candidatepair p
    JOIN sources_sourcerecord l ON l.id = p.left_id JOIN sources_sourcerecord r ON r.id = p.right_id
    LEFT JOIN sources_crosswalk cl ON cl.source_record_id = p.left_id
    LEFT JOIN sources_crosswalk cr ON cr.source_record_id = p.right_id
    WHERE p.entity = %(entity)s AND {condition} ORDER BY p.id LIMIT %(limit)s
"""
_DECISIONS = """
    SELECT d.id, d.verdict, l.system_id || ':' || l.key AS left, r.system_id || ':' || r.key AS right, d.reason,
        d.decided_by, d.decided_at, d.withdrawn_at, d.rule_version, d.pattern_id AS pattern
    FROM matching_pairdecision d
    JOIN sources_sourcerecord l ON l.id = d.left_id JOIN sources_sourcerecord r ON r.id = d.right_id
    WHERE d.entity = %(entity)s AND d.id > %(after)s AND (d.withdrawn_at IS NULL OR %(withdrawn)s)
    ORDER BY d.id LIMIT %(limit)s
"""
FIRST = UUID(int=0)


def pairs_page(
    spec: EntitySpec, *, status: str, after: UUID, limit: int, masked: bool
) -> list[dict[str, Any]]:
    """Return pairs in one state, by id."""
    asked = {"entity": spec.name, "status": status, "after": after, "limit": limit}
    return _pairs("p.status = %(status)s AND p.id > %(after)s", asked, masked=masked)


def pair_content(spec: EntitySpec, pair_id: UUID, *, masked: bool) -> dict[str, Any] | None:
    """Return one pair of an entity, or None."""
    found = _pairs("p.id = %(id)s", {"entity": spec.name, "id": pair_id, "limit": 1}, masked=masked)
    return found[0] if found else None


def _pairs(condition: str, asked: Mapping[str, Any], *, masked: bool) -> list[dict[str, Any]]:
    with raw_cursor() as cursor:
        cursor.execute(_PAIRS.format(condition=condition), asked)  # conditions are constants of this module
        return [_content(row, masked=masked) for row in cursor]


def _content(row: Sequence[Any], *, masked: bool) -> dict[str, Any]:
    pair, entity, *sides = row[:10]
    ends = ("id", "system", "key", "record_id")
    left, right = (dict(zip(ends, side, strict=True)) for side in (sides[:4], sides[4:]))
    names = (
        "status", "probability", "weight", "worth", "stakes", "rule_version", "found_at", "decided_by", "decided_at",
        "reason", "pattern",
    )  # fmt: skip
    rest = dict(zip(names, row[10:], strict=True))
    if masked:
        rest |= {"probability": None, "weight": None, "worth": None, "stakes": None}
    return {"id": pair, "entity": entity, "left": left, "right": right, **rest}


def decisions_page(spec: EntitySpec, *, after: UUID, limit: int, withdrawn: bool) -> list[dict[str, Any]]:
    """Return people's decisions, by id; those taken back only if asked for."""
    with raw_cursor() as cursor:
        cursor.execute(
            _DECISIONS, {"entity": spec.name, "after": after, "limit": limit, "withdrawn": withdrawn}
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]
