"""Exact keys of entities that are matched by key or id: equal values of one tuple of attributes."""

from collections.abc import Iterator
from hashlib import blake2b

from apps.golden.spec import Document, EntitySpec
from apps.matching.features import cell_of


def exact_keys(spec: EntitySpec, values: Document) -> Iterator[int]:
    """Yield a signed 64-bit hash for each key tuple whose parts are all there.

    Case, blanks and punctuation do not count: "C-001/a" and "c001A" are one contract number.
    """
    for names in spec.match.keys:
        parts = [_plain(cell_of(values, name)) for name in names]
        if all(parts):
            seed = "\x1f".join([spec.name, *names, *parts])
            yield int.from_bytes(blake2b(seed.encode(), digest_size=8).digest(), "big", signed=True)


def _plain(cell: str | list[str] | None) -> str:
    text = cell[0] if isinstance(cell, list) else cell or ""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
