"""History of golden and rule tables: django-simple-history that knows who acts, and set-based writers for it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import Cursor, sql
from simple_history.models import HistoricalRecords

from apps.audit.context import current
from apps.core.bulk import copy_rows, insertion, pack_rows, raw_cursor


def current_actor_name() -> str:
    return current().actor.name


def current_actor_id() -> int | None:
    return current().actor.user_id


def current_correlation_id() -> UUID:
    return current().correlation_id


class AuditedHistory(models.Model):
    """Columns that every history row has besides those of django-simple-history."""

    actor = models.CharField(max_length=150, default=current_actor_name)
    correlation_id = models.UUIDField(default=current_correlation_id, db_index=True)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """`history = History()` on a model: each row tells user, reason and correlation id, in Celery too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            bases=[AuditedHistory],
            history_change_reason_field=models.TextField(null=True),
            history_user_id_field=models.BigIntegerField(null=True),
            history_user_getter=_history_user,
            history_user_setter=_set_history_user,
            **options,
        )

    def get_history_user(self, instance: models.Model) -> int | None:
        return current().actor.user_id

    def get_change_reason_for_object(
        self, instance: models.Model, history_type: str, using: str
    ) -> str | None:
        return getattr(instance, "_change_reason", None) or current().reason or None


def _history_user(historical_instance: Any) -> object:
    # The name is stored in `actor`; a removed user must not take the history along.
    return historical_instance.history_user_id


def _set_history_user(historical_instance: Any, user_id: int | None) -> None:
    historical_instance.history_user_id = user_id


def create_with_history(rows: Sequence[models.Model], *, now: datetime) -> None:
    """Insert rows of one model in one statement, with the history rows that `bulk_create` leaves out."""
    if not rows:
        return
    model = type(rows[0])
    created = model._default_manager.bulk_create(rows)
    with raw_cursor() as cursor:
        write_history(cursor, model, [row.pk for row in created], kind="+", now=now)


def insert_with_history(
    cursor: Cursor[Any],
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    now: datetime,
) -> None:
    """Insert new rows, whose first column is the primary key, with their history rows; few of both in one statement."""
    table, listed = model._meta.db_table, list(rows)
    if not listed:
        return
    if packed := pack_rows(columns, listed):
        cursor.execute(_inserting(model, tuple(columns)), {"rows": packed, **_deed("+", now)})
    else:
        copy_rows(cursor, table, columns, listed)
        write_history(cursor, model, [row[0] for row in listed], kind="+", now=now)


def write_history(
    cursor: Cursor[Any], model: type[models.Model], ids: Sequence[object], *, kind: str, now: datetime
) -> None:
    """Copy the present rows of `model` with these primary keys into its history in one statement.

    `kind` is "+" (created), "~" (changed) or "-" (about to be deleted: call before the DELETE).
    """
    if ids:
        cursor.execute(_copying(model), {"ids": list(ids), **_deed(kind, now)})


def _deed(kind: str, now: datetime) -> dict[str, object]:
    block = current()
    return {
        "now": now,
        "kind": kind,
        "user": block.actor.user_id,
        "reason": block.reason or None,
        "actor": block.actor.name,
        "correlation": block.correlation_id,
    }


@lru_cache(maxsize=256)
def _copying(model: type[models.Model]) -> bytes:
    return _told(model, sql.Identifier(model._meta.db_table)) + sql.SQL(" WHERE {} = ANY(%(ids)s)").format(
        sql.Identifier(str(model._meta.pk.column))
    ).as_bytes(None)


@lru_cache(maxsize=256)
def _inserting(model: type[models.Model], columns: tuple[str, ...]) -> bytes:
    written = insertion(model._meta.db_table, columns)
    return b"WITH written AS (" + written + b" RETURNING *) " + _told(model, sql.Identifier("written"))


def _told(model: type[models.Model], source: sql.Identifier) -> bytes:
    """Return the statement that copies rows of a source with the columns of `model` into its history."""
    historical = model.history.model  # type: ignore[attr-defined]  # added by simple_history at class creation
    own = {
        field.name for field in AuditedHistory._meta.fields
    }  # a model may have such a column too: not copied
    names = [field.column for field in historical.tracked_fields if field.name not in own]
    statement = sql.SQL(
        "INSERT INTO {history} ({columns}, history_date, history_type, history_user_id, history_change_reason,"
        " actor, correlation_id)"
        " SELECT {columns}, %(now)s, %(kind)s, %(user)s, %(reason)s, %(actor)s, %(correlation)s FROM {source}"
    )
    return statement.format(
        history=sql.Identifier(historical._meta.db_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        source=source,
    ).as_bytes(None)
