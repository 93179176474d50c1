"""Land what a target holds: its values in the hub's words, as source records of that system."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.audit.context import SYSTEM
from apps.connectors.contracts import ActiveLayout
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_layout
from apps.connectors.services import activate_mapping, draft_mapping
from apps.core.errors import NotFound
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.sources.contracts import Landed
from apps.sources.readers.json_lines import json_row
from apps.sources.services import close_load, land_rows, open_load

ID, DELETED, SEEN_AT = "remote_id", "remote_deleted", "remote_seen_at"


def land_observed(
    *,
    connection: Connection,
    mapping: OutboundMapping,
    seen: Sequence[tuple[str, Mapping[str, Any]]],
    origin: str,
    now: datetime,
    deleted: frozenset[str] = frozenset(),
    seen_at: datetime | None = None,
) -> Landed | None:
    """Land records (the target's id, its values) in the running transaction; None when the mapping only writes.

    Attributes and items the mapping does not read stay as they were. `seen_at`: when the target was seen to hold
    them, which dates the records; without it they keep the version they had. Raises UnknownSystem when the target is
    no source system.
    """
    layout = reading_layout(connection, mapping, now=now)
    if layout is None:
        return None
    dated = {SEEN_AT: seen_at.isoformat()} if seen_at else {}
    rows = [
        json_row(
            number,
            {**mapping.from_remote(values), **dated, ID: native, DELETED: str(native in deleted).lower()},
        )
        for number, (native, values) in enumerate(seen, start=1)
    ]
    load = open_load(layout=layout, mode="full", origin=origin, now=now)
    landed = land_rows(load=load, layout=layout, rows=rows, now=now)
    close_load(load=load, now=now)
    return landed


def reading_layout(connection: Connection, mapping: OutboundMapping, *, now: datetime) -> ActiveLayout | None:
    """Return the layout of what is read back through a mapping; made once, from then on versioned like any other."""
    document = _document(connection, mapping)
    if document is None:
        return None
    name = document["layout"]
    try:
        found = active_layout(name)
        if {*found.layout.columns_used} >= _columns(document):
            return found
    except NotFound:
        pass
    text = "\n".join(f"{key}: {_yaml(value)}" for key, value in document.items()) + "\n"
    drafted = draft_mapping(text=text, actor=SYSTEM, now=now, note=f"what {mapping.name} reads back")
    activate_mapping(mapping=drafted, actor=SYSTEM, now=now, reason=f"what {mapping.name} reads back")
    return active_layout(name)


def _yaml(value: Any) -> str:
    return (
        value
        if isinstance(value, str) and value.replace("_", "").replace(".", "").isalnum()
        else json.dumps(value)
    )


def _columns(document: Mapping[str, Any]) -> set[str]:
    [record] = document["records"]
    return {*record["fields"].values(), *record["collections"], ID, SEEN_AT}


def _document(connection: Connection, mapping: OutboundMapping) -> dict[str, Any] | None:
    spec = entity(mapping.entity)
    attributes, parts, whole = _read_back(spec, mapping)
    if not attributes and not parts:
        return None
    collections = {
        name: {"each": name, "fields": {column: column for column in sorted(columns)}}
        for name, columns in sorted(parts.items())
    }
    record: dict[str, Any] = {
        "entity": spec.name,
        "key": ID,
        "source_version": SEEN_AT,
        "deleted": {"true": DELETED},
        "fields": {name: name for name in sorted(attributes)},
        "collections": collections,
    }
    # Of other collections the mapping reads single items: the rest of them stays.
    if single := sorted(parts.keys() - whole):
        record["collect"] = single
    return {
        "layout": f"{connection.code.replace('-', '_')}.{mapping.name.split('.', 1)[1].replace('.', '_')}_read_back",
        "system": connection.code,
        "about": f"What {mapping.name} reads back from {connection.code}; the columns are attributes of the hub.",
        "records": [record],
    }


def _read_back(spec: EntitySpec, mapping: OutboundMapping) -> tuple[set[str], dict[str, set[str]], set[str]]:
    """Return the attributes a mapping reads, the columns of collections, and the collections it reads whole."""
    names = {collection.name for collection in spec.collections}
    attributes: set[str] = set()
    parts: dict[str, set[str]] = {}
    for field in mapping.fields:
        if not field.pulls or field.hub is None:
            continue
        first, *rest = (step.name for step in field.hub.steps)
        if first in names:
            parts.setdefault(first, set()).update(rest)
        else:
            attributes.add(first)
    whole = {part.collection for part in mapping.lists}
    for part in mapping.lists:
        columns = {each.hub.column for each in part.fields if each.pulls and each.hub}
        parts.setdefault(part.collection, set()).update(columns)
    return attributes, parts, whole
