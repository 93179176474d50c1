"""Read the places of records: up to ultimate parents and down to children, a level in three statements."""

from collections.abc import Collection as Ids
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Cursor, sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import EntitySpec
from apps.mastering.engine.places import MAX_DEPTH, Place, parent_on
from apps.mastering.trees.contracts import When, trees_of
from apps.mastering.trees.rows import rows_with


class Places:
    """Places of one kind of tree at one moment. `moved` are parents to take instead of what is stored."""

    def __init__(
        self, spec: EntitySpec, kind: str, when: When, moved: Mapping[str, str | None] | None = None
    ) -> None:
        self.spec, self.kind, self.when = spec, kind, when
        self.trees = trees_of(spec, kind)
        self.moved = dict(moved or {})

    def parents(self, ids: Ids[str]) -> dict[str, str | None]:
        """Return under whom each of these records stands."""
        found = self.of(ids)
        parents = {record: parent_on(found.get(record, ()), self.when.day) for record in ids}
        return {record: self.moved.get(record, parent) for record, parent in parents.items()}

    def children(self, ids: Ids[str]) -> dict[str, str]:
        """Return the live records that stand under one of these, and under which."""
        wanted = set(ids)
        with raw_cursor() as cursor:
            candidates = set(self._naming(cursor, wanted))
        candidates |= {child for child, parent in self.moved.items() if parent in wanted}
        under = {child: parent for child, parent in self.parents(candidates).items() if parent in wanted}
        alive = self.headers(under)
        return {child: parent for child, parent in under.items() if parent and child in alive}

    def headers(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return code and title of those of these records that are live and of the tree's entity."""
        statement = sql.SQL(
            "SELECT h.id::text, h.code, h.title FROM {} h WHERE h.status = %(live)s AND h.entity = %(entity)s"
        ).format(rows_with(GoldenRecord, "id", self.when.as_of))
        asked = {"live": RecordStatus.LIVE.value, "entity": self.spec.name}
        with raw_cursor() as cursor:
            cursor.execute(statement, self._asked(ids) | asked)
            return {record: (code, title) for record, code, title in cursor}

    def of(self, ids: Ids[str]) -> dict[str, list[Place]]:
        """Return all places of these records in this tree, in two statements."""
        found: dict[str, list[Place]] = {}
        if not ids:
            return found
        with raw_cursor() as cursor:
            for place in (*self._told(cursor, ids), *self._dated(cursor, ids)):
                found.setdefault(place.child, []).append(place)
        return found

    def _told(self, cursor: Cursor[Any], ids: Ids[str]) -> Iterator[Place]:
        model = typed_model(self.spec)
        kind: sql.Composable = sql.Literal(self.kind)
        if self.trees.kind_attribute:
            kind = sql.SQL("coalesce({}, {})").format(
                sql.Identifier(column_of(model, self.trees.kind_attribute)), sql.Literal(self.trees.kinds[0])
            )
        parent = sql.Identifier(column_of(model, self.trees.attribute))
        cursor.execute(
            sql.SQL(
                "SELECT record_id::text, {parent}::text FROM {rows} t WHERE {parent} IS NOT NULL AND {kind} = %(kind)s"
            ).format(parent=parent, rows=rows_with(model, "record_id", self.when.as_of), kind=kind),
            self._asked(ids),
        )
        return (Place(child, parent) for child, parent in cursor.fetchall())

    def _dated(self, cursor: Cursor[Any], ids: Ids[str]) -> Iterator[Place]:
        if not self.trees.collection:
            return iter(())
        model = item_model(self.spec.collection(self.trees.collection))
        cursor.execute(
            sql.SQL(
                "SELECT record_id::text, parent_id::text, valid_from, valid_to FROM {} t WHERE kind = %(kind)s"
            ).format(rows_with(model, "record_id", self.when.as_of)),
            self._asked(ids),
        )
        return (
            Place(child, parent, (first or date.min, last or date.max), dated=True)
            for child, parent, first, last in cursor.fetchall()
        )

    def _naming(self, cursor: Cursor[Any], ids: Ids[str]) -> Iterator[str]:
        """Yield the records that name one of these as a parent, in whatever tree and days."""
        model = typed_model(self.spec)
        parts = [rows_with(model, column_of(model, self.trees.attribute), self.when.as_of)]
        if self.trees.collection:
            items = item_model(self.spec.collection(self.trees.collection))
            parts.append(rows_with(items, "parent_id", self.when.as_of))
        selects = [sql.SQL("SELECT record_id::text FROM {} t").format(part) for part in parts]
        cursor.execute(sql.SQL(" UNION ").join(selects), self._asked(ids))
        return (record for (record,) in cursor.fetchall())

    def _asked(self, ids: Iterable[str]) -> dict[str, Any]:
        return {"ids": [UUID(each) for each in ids], "kind": self.kind, "as_of": self.when.as_of}


def ultimate_parents(spec: EntitySpec, ids: Sequence[str], kind: str, when: When) -> dict[str, str]:
    """Return the record at the top of the tree each of these stands in; of a record that stands alone, itself."""
    return tops(Places(spec, kind, when), ids)


def tops(places: Places, ids: Sequence[str]) -> dict[str, str]:
    """Return the top of the tree above each of these records."""
    above: dict[str, str | None] = {}
    frontier = set(ids)
    for _ in range(MAX_DEPTH):
        if not frontier:
            break
        found = places.parents(frontier)
        alive = places.headers({parent for parent in found.values() if parent})
        above |= {record: parent if parent in alive else None for record, parent in found.items()}
        frontier = {parent for parent in above.values() if parent and parent not in above}
    return {record: _top(record, above) for record in ids}


def _top(record: str, above: Mapping[str, str | None]) -> str:
    seen = {record}
    while (parent := above.get(record)) and parent not in seen:
        record = parent
        seen.add(record)
    return record
