"""Why values are what they are, and what became of every write, as JSON content."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.api.masking import masked_item, masked_value, personal_columns
from apps.api.v1.origins import item_of
from apps.core.clock import utcnow
from apps.golden.spec import EntitySpec
from apps.mastering.explaining import (
    Candidate,
    Explanation,
    Write,
    explain_record,
    words_of,
    writes_of,
)


def explained_values(spec: EntitySpec, record_id: UUID, *, masked: bool) -> list[dict[str, Any]]:
    """Return, for everything that has a value or about which a member says something, who won and why."""
    order = [*(each.name for each in spec.attributes), *(each.name for each in spec.collections)]
    found = explain_record(record_id=record_id, now=utcnow())
    told = [_explanation(spec, each, masked=masked) for _, each in sorted(found.items())]
    return sorted(told, key=lambda each: order.index(each["attribute"]))


def _explanation(spec: EntitySpec, told: Explanation, *, masked: bool) -> dict[str, Any]:
    name = told.path.partition(":")[0]
    return {
        "attribute": name,
        "item": item_of(spec, told.path, masked=masked),
        "group": told.group,
        "state": told.state,
        "legal_entity": None if told.legal_entity == "*" else told.legal_entity,
        "rule": told.rule,
        "owners": list(told.owners),
        "ownership_version": told.ownership_version,
        "strategies": list(told.strategies),
        "survivorship_version": told.survivorship_version,
        "pinned": told.pin is not None,
        "candidates": [_candidate(spec, name, each, masked=masked) for each in told.candidates],
    }


def _candidate(spec: EntitySpec, name: str, each: Candidate, *, masked: bool) -> dict[str, Any]:
    value = each.value
    if masked and value is not None:
        hidden = personal_columns(spec).get(name) or frozenset()
        value = masked_item(value, hidden) if isinstance(value, dict) else masked_value(spec, name, value)
    return {
        "source_record": each.source,
        "system": each.system,
        "key": each.key,
        "value": value,
        "wins": each.wins,
        "verdict": each.verdict,
        "trust": each.trust,
        "changed_at": datetime.fromtimestamp(each.recency, UTC).isoformat() if each.recency else None,
        "lost_by": each.lost_by or None,
        "because": each.lost or each.why,
        "would_win_if": [words_of(step) for step in each.flip],
    }


def writes_content(spec: EntitySpec, record_id: UUID, *, masked: bool) -> list[dict[str, Any]]:
    """Return what was written to a record, newest first, by group."""
    return [_write(spec, each, masked=masked) for each in writes_of(record_id=record_id)]


def _write(spec: EntitySpec, each: Write, *, masked: bool) -> dict[str, Any]:
    tried = {n: masked_value(spec, n, v) if masked else v for n, v in each.tried.items()}
    return {
        "at": each.at.isoformat(),
        "writer": each.writer,
        "key": each.key or None,
        "actor": each.actor,
        "group": each.group,
        "legal_entity": each.legal_entity if each.legal_entity not in ("", "*") else None,
        "verdict": each.verdict,
        "rule": each.rule,
        "ownership_version": each.version,
        "tried": tried,
        "flags": list(each.flags),
        "current": each.current,
    }
