"""Tell how far a simulation is, from inside a transaction that may not write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql

Progress = Callable[[str, float], None]


def silently(_stage: str, _share: float) -> None:
    """Tell nobody."""


@contextmanager
def reading_only(snapshot: str = "") -> Iterator[str]:
    """Read one state of the data, that of `snapshot` where one is named; PostgreSQL refuses every write in the block.

    Yields the name by which other processes see the same state; "" inside a transaction they cannot look into.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if nested:
            cursor.execute("SET TRANSACTION READ ONLY")
            yield ""
            return
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if snapshot:
            cursor.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            yield snapshot
            return
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]
