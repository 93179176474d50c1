"""Tell how far a simulation is, from inside a transaction that may not write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

Progress = Callable[[str, float], None]


def silently(_stage: str, _share: float) -> None:
    """Tell nobody."""


@contextmanager
def reading_only() -> Iterator[None]:
    """Read one state of the data; PostgreSQL refuses every write inside the block."""
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET TRANSACTION READ ONLY"
            if nested
            else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )
        yield


@contextmanager
def telling(simulation_id: UUID) -> Iterator[Progress]:
    """Yield a Progress that writes to the simulation's row over a connection of its own."""
    other = connection.copy()
    try:

        def tell(stage: str, share: float) -> None:
            with other.cursor() as cursor:
                cursor.execute(
                    "UPDATE pipeline_simulation SET stage = %s, progress = %s WHERE id = %s AND status = 'running'",
                    (stage[:100], round(share, 3), simulation_id),
                )

        yield tell
    finally:
        other.close()
