"""Cut a stream into batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` elements, the last one shorter; the stream is read as it goes."""
    iterator = iter(stream)
    while batch := list(islice(iterator, size)):
        yield batch
