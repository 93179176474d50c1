"""Where a golden record comes from: its member source records, and the origin of each of its values."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

from apps.api.masking import masked_document, personal_columns
from apps.core.bulk import raw_cursor
from apps.golden.documents import typed_model
from apps.golden.spec import EntitySpec

_MEMBERS = """
    SELECT s.id, s.system_id, y.role, s.key, c.method, c.assigned_at, s.source_version, s.changed_at, s.deleted,
        s.layout, s.layout_version, s.values, s.raw
    FROM sources_crosswalk c JOIN sources_sourcerecord s ON s.id = c.source_record_id
    JOIN sources_sourcesystem y ON y.code = s.system_id
    WHERE c.record_id = %s AND c.entity = %s AND (s.system_id, s.key) > (%s, %s)
    ORDER BY s.system_id, s.key LIMIT %s
"""
_MEMBER_FIELDS = (
    "id", "system", "role", "key", "method", "assigned_at", "source_version", "changed_at", "deleted",
    "layout", "layout_version", "values", "raw",
)  # fmt: skip


def members_page(
    spec: EntitySpec, record_id: UUID, *, after: tuple[str, str], limit: int, masked: bool
) -> list[dict[str, Any]]:
    """Return up to `limit` member source records by system and key.

    Rows as sent have columns nobody has marked as personal, so a masked answer has none of them.
    """
    with raw_cursor() as cursor:
        cursor.execute(_MEMBERS, (record_id, spec.name, *after, limit))
        members = [dict(zip(_MEMBER_FIELDS, row, strict=True)) for row in cursor]
    for member in members if masked else ():
        member["values"], member["raw"] = masked_document(spec, member["values"]), None
    return members


def provenance_of(spec: EntitySpec, record_id: UUID, *, masked: bool) -> list[dict[str, Any]] | None:
    """Return the origin of every value, attributes first, then items; None when there is no such record."""
    with raw_cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT provenance FROM {} WHERE record_id = %s").format(
                sql.Identifier(typed_model(spec)._meta.db_table)
            ),
            (record_id,),
        )
        row = cursor.fetchone()
    if row is None:
        return None
    order = [*(each.name for each in spec.attributes), *(each.name for each in spec.collections)]
    found = [_origin(spec, path, origin, masked=masked) for path, origin in sorted(row[0].items())]
    return sorted((each for each in found if each), key=lambda each: order.index(each["attribute"]))


def _origin(spec: EntitySpec, path: str, origin: Mapping[str, Any], *, masked: bool) -> dict[str, Any]:
    return {
        "attribute": path.partition(":")[0],
        "item": item_of(spec, path, masked=masked),
        "system": origin.get("system"),
        "key": origin.get("key"),
        "source_record": origin.get("source"),
        "rule": origin.get("rule"),
        "by": origin.get("by"),
        "reason": origin.get("reason"),
        "at": origin.get("at"),
    }


def item_of(spec: EntitySpec, path: str, *, masked: bool) -> dict[str, Any] | None:
    """Return the identity of the item that a path of provenance names; None for an attribute."""
    name, _, identity = path.partition(":")
    if not identity:
        return None
    columns = spec.collection(name).identity
    hidden = (personal_columns(spec).get(name) or frozenset()) if masked else frozenset()
    parts = identity.split("|", len(columns) - 1)
    return {
        column: None if column in hidden else part or None
        for column, part in zip(columns, parts, strict=False)
    }
