"""Reads on the members of a golden record: each source record raw, as mapped, standardized, with its issues."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.console.masking import MASK, Sight
from apps.core.bulk import raw_cursor
from apps.golden.spec import Document, EntitySpec
from apps.sources.selectors import resolve_keys

MOST = 200
"""Members shown of one golden record; the newest change first."""

_MEMBERS = """
    SELECT s.id, s.system_id, y.name, y.role, s.key, c.method, c.assigned_at, s.source_version, s.changed_at,
        s.deleted, s.complete, s.layout, s.layout_version, s.load_id, s.row_number, s.raw, s.values,
        coalesce(q.values, '{}'::jsonb), coalesce(q.issues, '[]'::jsonb), q.score, s.pending_since
    FROM sources_crosswalk c JOIN sources_sourcerecord s ON s.id = c.source_record_id
    JOIN sources_sourcesystem y ON y.code = s.system_id
    LEFT JOIN quality_standardrecord q ON q.source_record_id = s.id
    WHERE c.record_id = %s ORDER BY s.system_id, s.key LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A source record of a golden record. `raw` is the row as sent, `mapped` its canonical attributes, `values`
    those standardized with references as golden ids where the crosswalk knows them."""

    id: UUID
    system: str
    system_name: str
    role: str
    key: str
    method: str
    assigned_at: datetime
    source_version: str | None
    changed_at: datetime
    deleted: bool
    complete: bool
    layout: str
    layout_version: int
    load_id: UUID | None
    row_number: int | None
    raw: Any
    mapped: Document
    values: Document
    issues: list[dict[str, Any]]
    score: int | None
    pending_since: datetime | None

    @property
    def label(self) -> str:
        return f"{self.system}:{self.key}"

    @property
    def faults(self) -> int:
        """Return how many of its issues somebody should look at."""
        return sum(issue.get("severity") != "info" for issue in self.issues)


_HEAD = tuple(each.name for each in fields(MemberRecord))[:-6]
"""What the statement gives as it is shown; the last six are prepared for the screen."""


def member_records(spec: EntitySpec, record_id: UUID, sight: Sight) -> list[MemberRecord]:
    """Return the members in two statements. Without the capability to unmask, rows as sent are left out."""
    with raw_cursor() as cursor:
        cursor.execute(_MEMBERS, (record_id, MOST))
        rows = cursor.fetchall()
    targets = [target for row in rows for target in _targets(spec, row[17])]
    resolved = resolve_keys(targets) if targets else {}
    return [_member(spec, row, resolved, sight) for row in rows]


def _member(
    spec: EntitySpec, row: tuple[Any, ...], resolved: Mapping[tuple[str, str, str], UUID], sight: Sight
) -> MemberRecord:
    *head, raw, mapped, values, issues, score, pending = row
    golden = with_golden_ids(spec, values, resolved)
    shown = [{**issue, "value": _issue_value(issue, sight)} for issue in issues]
    told = {
        "raw": raw if sight.clear else None,
        "mapped": {name: sight.value(name, value) for name, value in mapped.items()},
        "values": {name: sight.value(name, value) for name, value in golden.items() if value is not None},
        "issues": shown,
        "score": score,
        "pending_since": pending,
    }
    return MemberRecord(**dict(zip(_HEAD, head, strict=True)), **told)


def _issue_value(issue: Mapping[str, Any], sight: Sight) -> Any:
    head, _, column = str(issue.get("attribute") or "").partition(".")
    name = head.partition("[")[0]
    return MASK if issue.get("value") and sight.hides(name, column) else issue.get("value")


def _targets(spec: EntitySpec, values: Document) -> list[tuple[str, str, str]]:
    found = [
        (value["system"], attribute.references, str(value["key"]))
        for attribute in spec.references()
        if isinstance(value := values.get(attribute.name), dict)
    ]
    for collection, column in spec.item_references():
        for item in values.get(collection.name) or ():
            if isinstance(value := item.get(column.name), dict):
                found.append((value["system"], column.references, str(value["key"])))
    return found


def with_golden_ids(
    spec: EntitySpec, values: Document, resolved: Mapping[tuple[str, str, str], UUID]
) -> Document:
    """Return standardized values with each reference as a golden id, or as it was where none is known."""

    def golden(value: Any, target: str) -> Any:
        if not isinstance(value, dict):
            return value
        found = resolved.get((value["system"], target, str(value["key"])))
        return str(found) if found else value

    document = dict(values)
    for attribute in spec.references():
        if attribute.name in document:
            document[attribute.name] = golden(document[attribute.name], attribute.references)
    for collection, column in spec.item_references():
        if items := document.get(collection.name):
            document[collection.name] = [
                {**item, column.name: golden(item.get(column.name), column.references)} for item in items
            ]
    return document
