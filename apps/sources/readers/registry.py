"""The registry of readers: a file format is one decorated generator of rows."""

from collections.abc import Callable, Iterator
from pathlib import Path

from apps.core.errors import HubError
from apps.core.registry import Registry
from apps.sources.contracts import Row

Reader = Callable[[Path, str], Iterator[Row]]
readers: Registry[Reader] = Registry("file format")


class UnreadableFile(HubError):
    code = "unreadable_file"
    title = "The file cannot be read as what its name says"
    status = 422


MAX_CELL = 1_000_000
"""Characters of one value; a longer one is no value of a business record."""
