"""Count what goes to PostgreSQL through psycopg: Django's own statements, those of raw cursors, and COPY."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Yield a list that grows by the text of each statement until the block ends."""
    seen: list[str] = []

    def counting(usual: Callable[..., Any]) -> Callable[..., Any]:
        def run(cursor: Any, statement: Any, *args: Any, **options: Any) -> Any:
            seen.append(str(statement))
            return usual(cursor, statement, *args, **options)

        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting(psycopg.Cursor.execute))
        patch.setattr(psycopg.Cursor, "copy", counting(psycopg.Cursor.copy))
        yield seen
