"""Land rows: one load per file or posted batch, one transaction per batch of rows."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from psycopg import Cursor

from apps.connectors.contracts import ActiveLayout
from apps.connectors.mappings import Layout
from apps.connectors.selectors import active_layout
from apps.core.batches import in_batches
from apps.core.bulk import plan_once, raw_cursor, retry_deadlocks, stage_rows
from apps.core.clock import utcnow
from apps.core.collecting import collector_held
from apps.core.errors import HubError
from apps.sources import storage
from apps.sources.contracts import Counts, Landed, Mode, Row
from apps.sources.landing import Keyed, Outcome, hash_rows, key_rows, land
from apps.sources.models import Load
from apps.sources.readers import readers
from apps.sources.readers.json_lines import json_row

BATCH = 5_000
MAX_POSTED = 10_000


_FIELDS = tuple(field.attname for field in Load._meta.concrete_fields)
_COUNTS = tuple(field.name for field in fields(Counts))
_COUNTING = (
    f"UPDATE sources_load SET {', '.join(f'{name} = {name} + %({name})s' for name in _COUNTS)}"
    " WHERE id = %(load)s"
)
_CLOSING = (
    "UPDATE sources_load SET status = %(status)s, error = %(error)s, finished_at = %(now)s WHERE id = %(load)s"
    f" RETURNING {', '.join(_FIELDS)}"
)


class UnknownSystem(HubError):
    code = "unknown_source_system"
    title = "The layout belongs to a source system the hub does not know"
    status = 422


class TooManyRecords(HubError):
    code = "too_many_records"
    title = "One request may post at most 10,000 records"
    status = 413


class LoadFailed(HubError):
    code = "load_failed"
    title = "The file could not be landed"
    status = 422


def open_load(*, layout: ActiveLayout, mode: Mode, origin: str, now: datetime) -> Load:
    """Begin a load. Raises UnknownSystem when the layout's system has no row."""
    opened = Load(
        system_id=layout.layout.system,
        layout=layout.layout.name,
        layout_version=layout.version,
        mode=mode,
        origin=origin[:300],
        started_at=now,
    )
    with raw_cursor() as cursor:  # every posted record is a load: a tenth of what the ORM takes
        row = [getattr(opened, name) for name in _FIELDS]
        staged = stage_rows(cursor, Load._meta.db_table, _FIELDS, [row])
        cursor.execute(
            f"INSERT INTO sources_load ({', '.join(_FIELDS)}) SELECT r.* FROM {staged.source} r"
            f" JOIN sources_sourcesystem y ON y.code = r.system_id AND y.active RETURNING {', '.join(_FIELDS)}",
            staged.given,
        )
        stored = cursor.fetchone()
    if stored is None:
        raise UnknownSystem(f"Create an active source system with the code {layout.layout.system!r} first.")
    return Load.from_db(DEFAULT_DB_ALIAS, _FIELDS, stored)


@collector_held()
@transaction.atomic
def land_rows(*, load: Load, layout: ActiveLayout, rows: Sequence[Row], now: datetime) -> Landed:
    """Land one batch in one transaction; equal rows write nothing, bad ones are kept aside with their reason."""
    outcome = Outcome()
    outcome.counts.rows = len(rows)
    patch = load.mode == "patch"
    hashed = hash_rows(layout.layout, rows, patch=patch)
    with raw_cursor() as cursor:
        plan_once(cursor)
        storage.lock_system(cursor, layout.layout.system)
        keyed = _changed_rows(cursor, layout.layout, hashed, outcome)
        stored = storage.load_stored(cursor, layout.layout.name, keyed)
        land(layout.layout, keyed, stored, patch=patch, outcome=outcome)
        landings = list(outcome.landings.values())
        changed = storage.write_records(cursor, load, landings, stored, now=now) if landings else []
    storage.write_rejected(load, outcome.rejected, now=now)
    changed_ids = frozenset(changed)
    counts = outcome.counts
    counts.rejected = len(outcome.rejected)
    counts.new = sum(each.is_new for each in landings)
    counts.changed = sum(each.id in changed_ids for each in landings) - counts.new
    counts.unchanged += len(landings) - len(changed)
    _add_counts(load, counts)
    return Landed(counts=counts, changed_ids=tuple(changed), load_id=load.pk)


def _changed_rows(
    cursor: Cursor[Any], layout: Layout, hashed: Sequence[tuple[Row, bytes]], outcome: Outcome
) -> list[Keyed]:
    """Return the rows to look at, with their keys; those that were landed last as they are now are only counted.

    Where two rows of the batch have one key, both are looked at, as when they came first.
    """
    if not layout.one_record_a_row:
        return key_rows(layout, hashed, outcome)
    known = storage.known_rows(cursor, (digest for _, digest in hashed))
    keyed = key_rows(layout, [each for each in hashed if each[1] not in known], outcome)
    touched = {record for each in keyed for _, _, record in each.keys}
    again = {digest for digest, record in known.items() if record in touched}
    keyed += key_rows(layout, [each for each in hashed if each[1] in again], outcome)
    outcome.counts.unchanged += sum(digest in known and digest not in again for _, digest in hashed)
    return sorted(keyed, key=lambda each: each.row.number) if again else keyed


def _land_again_after_deadlock(
    load: Load, layout: ActiveLayout, rows: Sequence[Row], now: datetime
) -> Landed:
    """Land a batch; when it met the pipeline crosswise and PostgreSQL ended it, land it again."""
    return retry_deadlocks(lambda: land_rows(load=load, layout=layout, rows=rows, now=now))


def _add_counts(load: Load, counts: Counts) -> None:
    with raw_cursor() as cursor:
        cursor.execute(_COUNTING, {**asdict(counts), "load": load.pk})


def close_load(*, load: Load, now: datetime, error: str = "") -> Load:
    """End a load, as failed when there is an error; what was landed before the error stays."""
    status = Load.Status.FAILED if error else Load.Status.DONE
    with raw_cursor() as cursor:
        closing = {"status": status, "error": error, "now": now, "load": load.pk}
        stored = cursor.execute(_CLOSING, closing).fetchone() or ()
    for name, value in zip(_FIELDS, stored, strict=True):
        setattr(load, name, value)
    return load


def land_extract(
    *, path: Path, layout_name: str, mode: Mode = "full", encoding: str = "utf-8", batch: int = BATCH
) -> Iterator[tuple[Load, Landed]]:
    """Land a file batch by batch, yielding after each; memory does not grow with the file.

    Raises LoadFailed when the file as a whole cannot be read; batches landed before stay.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise LoadFailed(
            f"There is no encoding {encoding!r}; say utf-8, cp1252 or utf-16, for example."
        ) from None
    layout = active_layout(layout_name)
    reader = readers.get(path.suffix.lstrip(".").lower())
    load = open_load(layout=layout, mode=mode, origin=path.name, now=utcnow())
    try:
        batches = in_batches(reader(path, encoding), batch)
        while rows := _next_rows(batches):
            yield load, _land_again_after_deadlock(load, layout, rows, utcnow())
    except (HubError, OSError) as error:
        close_load(load=load, now=utcnow(), error=str(error))
        raise LoadFailed(f"{path.name}: {error}") from error
    except BaseException as error:
        close_load(load=load, now=utcnow(), error=f"stopped by {type(error).__name__}")
        raise
    close_load(load=load, now=utcnow())


@collector_held()
def _next_rows(batches: Iterator[list[Row]]) -> list[Row]:
    return next(batches, [])


def land_posted(
    *, layout_name: str, records: Sequence[Mapping[str, Any]], mode: Mode, origin: str, now: datetime
) -> tuple[Load, Landed]:
    """Land up to 10,000 posted records as one load. Raises TooManyRecords."""
    if len(records) > MAX_POSTED:
        raise TooManyRecords(f"{len(records):,} records were posted; send them in parts of {MAX_POSTED:,}.")
    layout = active_layout(layout_name)
    load = open_load(layout=layout, mode=mode, origin=origin, now=now)
    rows = [json_row(number, record) for number, record in enumerate(records, start=1)]
    landed = _land_again_after_deadlock(load, layout, rows, now)
    return close_load(load=load, now=now), landed
