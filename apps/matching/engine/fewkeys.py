"""Blocking keys of one or a few incoming records: the same keys without the fixed cost of array code."""

from itertools import product

import numpy as np

from .contracts import Config, Keys
from .hashing import combine_one, hash_word
from .keyparts import parts_of_one
from .prepare import Prepared

FEW_RECORDS = 8
"""From here on arrays are cheaper."""

Found = list[list[int]]
"""Hashes of one part, record by record."""


def keys_of_few(prepared: Prepared, config: Config) -> Keys:
    """All keys of a few records, equal to those that `blocking_keys` finds for the same records among many."""
    memory: dict[str, Found] = {}
    rows: list[int] = []
    keys: list[int] = []
    numbers: list[int] = []
    for number, parts in enumerate(config.passes):
        found = [_part(prepared, part, memory) for part in parts]
        salt = int(hash_word("&".join(parts)))
        for row in range(prepared.n):
            for first, *others in product(*(part[row] for part in found)):
                if parts[1:] == parts[:1] and others == [first]:
                    continue  # a part with itself: two different values of it
                key = first
                for other in others:
                    key = combine_one(key, other)
                rows.append(row)
                keys.append(combine_one(key, salt))
                numbers.append(number)
    return Keys(np.array(rows, np.int32), np.array(keys, np.uint64), np.array(numbers, np.uint8))


def _part(prepared: Prepared, part: str, memory: dict[str, Found]) -> Found:
    if part not in memory:
        name, _, how = part.partition(":")
        column = prepared.columns[name]
        of_value: Found = [parts_of_one(value, how) for value in column.values]
        memory[part] = [[] for _ in range(prepared.n)]
        for row, code in zip(column.rows.tolist(), column.codes.tolist(), strict=True):
            memory[part][row].extend(of_value[code])
    return memory[part]
