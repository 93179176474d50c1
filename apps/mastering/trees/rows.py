"""Rows of a table by a column, as they are or as they were at a time."""

from datetime import datetime

from django.db import models
from psycopg import sql


def rows_with(model: type[models.Model], column: str, as_of: datetime | None) -> sql.Composable:
    """Return a FROM item: rows of `model` whose `column` is one of `%(ids)s`, at `%(as_of)s` if one is given."""
    name = sql.Identifier(column)
    if as_of is None:
        return sql.SQL("(SELECT * FROM {} WHERE {} = ANY(%(ids)s))").format(
            sql.Identifier(model._meta.db_table), name
        )
    return sql.SQL(
        "(SELECT * FROM (SELECT DISTINCT ON ({key}) * FROM {history} WHERE history_date <= %(as_of)s AND {key} IN"
        " (SELECT {key} FROM {history} WHERE {column} = ANY(%(ids)s) AND history_date <= %(as_of)s)"
        " ORDER BY {key}, history_date DESC, history_id DESC) was"
        " WHERE history_type <> '-' AND {column} = ANY(%(ids)s))"
    ).format(
        key=sql.Identifier(str(model._meta.pk.column)),
        history=sql.Identifier(model.history.model._meta.db_table),  # type: ignore[attr-defined]  # simple_history
        column=name,
    )
