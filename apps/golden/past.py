"""Golden documents as they were at a time, from the history of their tables."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import Cursor, sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import item_model, select_list, typed_model
from apps.golden.spec import Attribute, Document, EntitySpec


def documents_at(spec: EntitySpec, ids: Iterable[UUID], as_of: datetime) -> dict[UUID, Document]:
    """Return the documents of these golden records as they were then, without those that had no values yet.

    Of a record that was merged or retired by then: its last values. One statement per table.
    """
    wanted = sorted(set(ids))
    documents: dict[UUID, Document] = {}
    with raw_cursor() as cursor:
        for record_id, values in _rows(cursor, typed_model(spec), spec.attributes, wanted, as_of):
            documents[record_id] = values
        for collection in spec.collections:
            items = _rows(cursor, item_model(collection), collection.columns, wanted, as_of)
            for record_id, values in items:
                documents.setdefault(record_id, {}).setdefault(collection.name, []).append(values)
    for document in documents.values():
        for collection in spec.collections:
            if collection.name in document:
                document[collection.name].sort(key=collection.identity_of)
    return documents


def _rows(
    cursor: Cursor[Any],
    model: type[models.Model],
    attributes: Sequence[Attribute],
    ids: Sequence[UUID],
    as_of: datetime,
) -> list[tuple[UUID, Document]]:
    names = [attribute.name for attribute in attributes]
    cursor.execute(
        sql.SQL(
            "SELECT record_id, {columns} FROM (SELECT DISTINCT ON ({key}) * FROM {history}"
            " WHERE record_id = ANY(%s) AND history_date <= %s ORDER BY {key}, history_date DESC, history_id DESC) was"
            " WHERE history_type <> '-'"
        ).format(
            columns=select_list(model, attributes),
            key=sql.Identifier(str(model._meta.pk.column)),
            history=sql.Identifier(model.history.model._meta.db_table),  # type: ignore[attr-defined]  # simple_history
        ),
        (list(ids), as_of),
    )
    return [
        (record_id, {name: value for name, value in zip(names, values, strict=True) if value is not None})
        for record_id, *values in cursor
    ]
