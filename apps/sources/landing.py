"""Decide what each row of a batch does to the source records: pure, no SQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from apps.connectors.mappings import Layout, MappedRecord
from apps.core.hashing import content_hash
from apps.core.ids import derived_uuid
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.sources.contracts import Counts, Problem, Row
from apps.sources.versions import is_older, newest, version_key

MAX_KEY = 200
MAX_VERSION = 64
"""Characters that the columns of source records hold."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a source record before the batch; `values` only where its row changed."""

    same: bool
    source_version: str | None
    content_hash: bytes
    complete: bool
    deleted: bool
    values: Document
    item_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Landing:
    """One source record as this batch leaves it."""

    id: UUID
    system: str
    entity: str
    key: str
    row: Row
    raw_hash: bytes
    values: Document
    source_version: str | None
    complete: bool
    deleted: bool
    is_new: bool
    content: bytes = b""
    contributions: dict[str, tuple[Row, bytes]] = field(default_factory=dict)
    keeps_raw: bool = True
    item_versions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What the batch comes to: records to write and rows to keep aside."""

    landings: dict[UUID, Landing] = field(default_factory=dict)
    rejected: list[tuple[Row, Problem]] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A row with the records it holds: position in the row, record id and the hash of the row for it."""

    row: Row
    keys: tuple[tuple[int, str, UUID], ...]
    raw_hash: bytes


def source_record_id(system: str, entity_name: str, key: str) -> UUID:
    return derived_uuid("source record", system, entity_name, key)


def hash_rows(layout: Layout, rows: Sequence[Row], *, patch: bool) -> list[tuple[Row, bytes]]:
    """Return rows with the hash of each and of all that its meaning depends on; b"" where it has a problem.

    The same row means something else in a patch than in a full load, so its hash is another.
    """
    begun = blake2b(layout.checksum.encode() + (b"patch" if patch else b""), digest_size=16)
    hashed = []
    for row in rows:
        digest = begun.copy()
        if row.mark and layout.one_record_a_row:
            digest.update(row.mark)
        elif row.problem:
            hashed.append((row, b""))
            continue
        else:
            digest.update(orjson.dumps(_data_of(layout, row), option=orjson.OPT_SORT_KEYS))
        hashed.append((row, digest.digest()))
    return hashed


def _data_of(layout: Layout, row: Row) -> dict[str, Any]:
    return {**row.data, "$row": row.number} if layout.uses_row_number else row.data


def key_rows(layout: Layout, rows: Iterable[tuple[Row, bytes]], outcome: Outcome) -> list[Keyed]:
    """Find the keys of good rows; rows with a problem go to the rejected ones."""
    keyed = []
    for row, digest in rows:
        if row.problem:
            outcome.rejected.append((row, row.problem))
            continue
        data = _data_of(layout, row)
        keys = tuple(
            (position, key, source_record_id(layout.system, entity_name, key))
            for position, (entity_name, key) in enumerate(layout.keyed(data))
        )
        keyed.append(Keyed(Row(row.number, data), keys, digest))
    return keyed


def land(
    layout: Layout, keyed: Sequence[Keyed], stored: Mapping[UUID, Stored], *, patch: bool, outcome: Outcome
) -> None:
    """Map the rows that changed and merge them into the outcome; `patch` leaves absent attributes as they are."""
    for each in keyed:
        changed = {
            position
            for position, key, record in each.keys
            if not (key and record in stored and stored[record].same)
        }
        outcome.counts.unchanged += len(each.keys) - len(changed)
        if each.keys and not changed:
            continue
        if not each.keys:
            outcome.counts.skipped += 1
            continue
        mapped = layout.map(each.row.data, empty="absent" if patch else None)
        ids = {position: record_id for position, _, record_id in each.keys}
        for position, record in enumerate(mapped):
            if position in changed:
                _land_record(layout, each, record, ids[position], stored, patch=patch, outcome=outcome)


def _land_record(
    layout: Layout,
    each: Keyed,
    record: MappedRecord,
    record_id: UUID,
    stored: Mapping[UUID, Stored],
    *,
    patch: bool,
    outcome: Outcome,
) -> None:
    if problem := _fault_of(record):
        outcome.rejected.append((each.row, problem))
        return
    before = outcome.landings.get(record_id)
    old = stored.get(record_id)
    known = before.source_version if before else old.source_version if old else None
    partial = record.mode == "patch" or bool(record.collect)
    if is_older(record.source_version, known) and not partial:
        outcome.counts.stale += 1
        return
    if before and not partial and before.raw_hash == each.raw_hash:
        outcome.counts.unchanged += 1
        return
    if before and not partial and not patch and _contradicts(before, each, record):
        reason = f"Row {before.row.number} of this batch has the same key {record.key!r} with other values. Keep one."
        outcome.rejected.append((each.row, Problem("same_key_twice", reason)))
        return
    known_as = before or old
    base, versions = (known_as.values, dict(known_as.item_versions)) if known_as else ({}, {})
    values = merge_values(
        base,
        record,
        kept=frozenset() if patch or partial else layout.attributes_of(record),
        versions=versions,
    )
    landing = before or Landing(
        id=record_id,
        system=record.system,
        entity=record.entity,
        key=record.key,
        row=each.row,
        raw_hash=each.raw_hash,
        values=values,
        source_version=known,
        complete=old.complete if old else False,
        deleted=old.deleted if old else False,
        is_new=old is None,
    )
    layout.add_totals(record, values)
    landing.values, landing.item_versions = values, versions
    landing.row, landing.raw_hash = (
        (landing.row, landing.raw_hash) if partial and before else (each.row, each.raw_hash)
    )
    silent = patch and bool(before or old) and not layout.says_deleted(record, each.row.data)
    if record.mode == "record":  # a contribution has a version of its own, which says nothing of the record's
        landing.source_version = newest(known, record.source_version)
    landing.complete = landing.complete or record.mode == "record"
    landing.deleted = landing.deleted if record.mode != "record" or silent else record.deleted
    if partial:
        landing.keeps_raw = record.mode == "record"
        landing.contributions[_row_key(record, each)] = (each.row, each.raw_hash)
    landing.content = content_hash([landing.values, landing.deleted, landing.complete])
    outcome.landings[record_id] = landing


def _fault_of(record: MappedRecord) -> Problem | None:
    """Return the first fault of a record: a bad value, or a key, version or reference longer than can be stored."""
    if record.errors:
        first, more = record.errors[0], len(record.errors) - 1
        reason = first.reason + (f" ({more} more faults in this row)" if more else "")
        return Problem("bad_value", reason, first.column)
    if len(record.key) > MAX_KEY:
        return Problem(
            "key_too_long", f"The key has {len(record.key)} characters; at most {MAX_KEY} can be one."
        )
    if len(record.source_version or "") > MAX_VERSION:
        return Problem("version_too_long", f"The source version has more than {MAX_VERSION} characters.")
    for path, _, _, key in references_of(entity(record.entity), record.values):
        if len(key) > MAX_KEY:
            return Problem("reference_too_long", f"{path} refers to a key of more than {MAX_KEY} characters.")
    return None


def references_of(spec: EntitySpec, values: Document) -> Iterator[tuple[str, str, str, str]]:
    """Yield (path, system, entity, key) of every reference in mapped values."""
    for attribute in spec.references():
        value = values.get(attribute.name)
        if isinstance(value, dict):
            yield attribute.name, value["system"], attribute.references, str(value["key"])
    for collection, column in spec.item_references():
        for item in values.get(collection.name) or ():
            value = item.get(column.name)
            if isinstance(value, dict):
                path = f"{collection.name}.{column.name}"
                yield path, value["system"], column.references, str(value["key"])


def _contradicts(before: Landing, each: Keyed, record: MappedRecord) -> bool:
    """Tell whether two rows of one batch claim different things with the same version."""
    if version_key(record.source_version) > version_key(before.source_version):
        return False
    return any(before.values.get(name) != value for name, value in record.values.items() if value is not None)


def _row_key(record: MappedRecord, each: Keyed) -> str:
    """Return what tells a contributed row from others of the record: the identity of its items."""
    spec = entity(record.entity)
    names = record.collect or tuple(c.name for c in spec.collections if c.name in record.values)
    identities = [
        f"{name}:{spec.collection(name).identity_of(_flat(item))}"
        for name in names
        for item in record.values.get(name) or ()
    ]
    return (";".join(identities) or each.raw_hash.hex())[:200]


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item whose references are text, so that they can be part of an identity."""
    return {
        name: value["key"] if isinstance(value, dict) and "key" in value else value
        for name, value in item.items()
    }


def merge_values(
    old: Document, record: MappedRecord, *, kept: frozenset[str], versions: dict[str, str] | None = None
) -> Document:
    """Return the record's values after a row.

    `kept` empty: a patch, attributes the row does not name stay. Else the row speaks for all the attributes its
    layout maps (`kept`): those it leaves out are gone. Collected collections unite by identity.
    `versions` by item, which this brings up to date: a row never overwrites an item that a newer row brought.
    """
    spec = entity(record.entity)
    merged = {name: value for name, value in old.items() if name not in kept}
    known = {} if versions is None else versions
    for path in [path for path in known if path.partition(":")[0] in kept]:
        del known[path]
    for name, value in record.values.items():
        uniting = record.mode == "patch" or name in record.collect
        if uniting and isinstance(value, list):
            merged[name] = _united(spec, name, merged.get(name) or [], record, known)
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def _united(
    spec: EntitySpec, name: str, old: list[Document], record: MappedRecord, versions: dict[str, str]
) -> list[Document]:
    """Return the items of a collection with those of a row, each unless a newer row brought it."""
    collection, version = spec.collection(name), record.source_version
    items = {collection.identity_of(_flat(item)): item for item in old}
    for item in record.values[name]:
        identity = collection.identity_of(_flat(item))
        path = f"{name}:{identity}"
        if is_older(version, versions.get(path)):
            continue
        items[identity] = {**items.get(identity, {}), **item}
        if version:
            versions[path] = version
    return list(items.values())
