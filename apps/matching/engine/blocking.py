"""Blocking: stable keys of each record, and a bounded number of candidate pairs from records that share a key."""

import math
from collections.abc import Callable

import numpy as np

from .arrays import I32, I64, U8, U64
from .columns import Column, spread
from .contracts import Config, Keys, Pairs
from .hashing import combine, hash_strings, hash_word
from .prepare import Prepared
from .vocabulary import COMMON_WORDS

Part = tuple[I64, U64]
"""(value code, hash) of every key part of a column's distinct values; codes ascend."""
RANKED = 5
_COMFORT = 60_000
"""Below this many records larger blocks cost little, so the cap may be looser."""

TRANSFORMS: dict[str, Callable[[Column], Part]] = {}


def transform(name: str) -> Callable[[Callable[[Column], Part]], Callable[[Column], Part]]:
    """Register how values turn into parts of blocking keys."""

    def register(function: Callable[[Column], Part]) -> Callable[[Column], Part]:
        if name in TRANSFORMS:
            raise ValueError(f"transform {name!r} exists already")
        TRANSFORMS[name] = function
        return function

    return register


def _hashed(parts: list[str]) -> Part:
    hashed = hash_strings(parts)
    found = np.flatnonzero(hashed)
    return found, hashed[found]


def _squashed(column: Column) -> list[str]:
    """Values without blanks, made once."""
    memory: dict[str, list[str]] = column.__dict__
    if "_squashed" not in memory:
        memory["_squashed"] = [v.replace(" ", "") for v in column.values]
    return memory["_squashed"]


@transform("value")
def _value(column: Column) -> Part:
    return np.arange(len(column.values), dtype=np.int64), column.hashes


@transform("squash")
def _squash(column: Column) -> Part:
    return _hashed(_squashed(column))


@transform("sorted")
def _sorted(column: Column) -> Part:
    return _hashed([" ".join(sorted(v.split())) for v in column.values])


@transform("first")
def _first(column: Column) -> Part:
    return _hashed([v.partition(" ")[0] if len(v) > 1 else "" for v in column.values])


@transform("last")
def _last(column: Column) -> Part:
    return _hashed([v.rpartition(" ")[2] if len(v) > 1 else "" for v in column.values])


@transform("start2")
def _start2(column: Column) -> Part:
    return _hashed([v[:2] for v in _squashed(column)])


@transform("start3")
def _start3(column: Column) -> Part:
    return _hashed([v[:3] for v in _squashed(column)])


@transform("start5")
def _start5(column: Column) -> Part:
    return _start(column, 5)


@transform("start8")
def _start8(column: Column) -> Part:
    return _start(column, 8)


@transform("start12")
def _start12(column: Column) -> Part:
    return _start(column, 12)


def _start(column: Column, size: int) -> Part:
    return _hashed([v[:size] if len(v) >= size else "" for v in _squashed(column)])


@transform("wordstart")
def _wordstart(column: Column) -> Part:
    """First letters of the longest word that is no number: finds streets whatever their number says."""
    return _hashed([max(filter(str.isalpha, v.split()), key=len, default="")[:6] for v in column.values])


@transform("acronym")
def _acronym(column: Column) -> Part:
    return _hashed([acronym(v) for v in column.values])


@transform("sound")
def _sound(column: Column) -> Part:
    return _hashed([sound(v) for v in column.values])


def acronym(name: str) -> str:
    """Initials of a name of several words; a short single word is taken to be one already."""
    parts = name.split()
    if len(parts) > 1:
        return "".join([p[0] for p in parts])
    return name if 2 <= len(name) <= 4 else ""


_SOUND = str.maketrans("bpfvwcgkqsxzjdtlmnr", "bbffvkkkksssjttlmmr", "aeiouyh0123456789 ")


def sound(name: str) -> str:
    """First letter and a coarse skeleton of consonants; empty for names too short to tell."""
    if len(name) < 3:
        return ""
    skeleton = name[1:].translate(_SOUND)
    return name[0] + "".join([c for i, c in enumerate(skeleton) if i == 0 or c != skeleton[i - 1]])[:4]


def _rarity(token: str) -> tuple[bool, int, str]:
    return token in COMMON_WORDS, -len(token), token


def ranked_tokens(column: Column) -> U64:
    """Hashes [distinct values, RANKED] of the words likeliest to be rare, judged by the value alone."""
    memory: dict[str, U64] = column.__dict__
    if "_ranked" not in memory:
        memory["_ranked"] = _rank_tokens(column)
    return memory["_ranked"]


def _rank_tokens(column: Column) -> U64:
    chosen: list[str] = []
    for value in column.values:
        parts = {t for t in value.split() if len(t) > 1}
        ranked = sorted(parts, key=_rarity)[:RANKED] if len(parts) > 1 else list(parts)
        chosen.extend(ranked)
        chosen.extend([""] * (RANKED - len(ranked)))
    return hash_strings(chosen).reshape(len(column.values), RANKED)


def _ordered(codes: I64, hashed: U64) -> Part:
    found = hashed != 0
    codes, hashed = codes[found], hashed[found]
    order = np.argsort(codes, kind="stable")
    return codes[order], hashed[order]


@transform("pairs")
def _pairs(column: Column) -> Part:
    """Every two of the rarest words."""
    ranked = ranked_tokens(column)
    a, b = np.triu_indices(RANKED, 1)
    low, high = np.minimum(ranked[:, a], ranked[:, b]), np.maximum(ranked[:, a], ranked[:, b])
    both = np.where(low != 0, combine(low, high), np.uint64(0))
    return _ordered(np.repeat(np.arange(len(ranked), dtype=np.int64), len(a)), both.ravel())


@transform("words")
def _words(column: Column) -> Part:
    """The four rarest words, each alone."""
    ranked = ranked_tokens(column)[:, :4]
    return _ordered(np.repeat(np.arange(len(ranked), dtype=np.int64), 4), ranked.ravel())


def _part_rows(prepared: Prepared, part: str, memory: dict[str, tuple[I32, U64]]) -> tuple[I32, U64]:
    """(record, hash) of one part for all records, records ascending."""
    if part not in memory:
        name, _, how = part.partition(":")
        column = prepared.columns[name]
        codes, hashed = TRANSFORMS[how or "value"](column)
        counts = np.bincount(codes, minlength=len(column.values)).astype(np.int64)
        starts = np.cumsum(counts) - counts
        group, offset = spread(counts[column.codes])
        memory[part] = column.rows[group], hashed[starts[column.codes][group] + offset]
    return memory[part]


def _join(n: int, left: tuple[I32, U64], right: tuple[I32, U64]) -> tuple[I32, U64]:
    """Conjunction of two parts: every combination of their hashes inside each record."""
    counts = np.bincount(right[0], minlength=n).astype(np.int64)
    starts = np.cumsum(counts) - counts
    group, offset = spread(counts[left[0]])
    rows = left[0][group]
    return rows, combine(left[1][group], right[1][starts[rows] + offset])


def blocking_keys(prepared: Prepared, config: Config) -> Keys:
    """All keys of all records; a record's keys depend on nothing but its own values and `config.passes`."""
    rows: list[I32] = []
    keys: list[U64] = []
    numbers: list[U8] = []
    memory: dict[str, tuple[I32, U64]] = {}
    for number, parts in enumerate(config.passes):
        joined = _part_rows(prepared, parts[0], memory)
        for part in parts[1:]:
            joined = _join(prepared.n, joined, _part_rows(prepared, part, memory))
        salt = hash_word("&".join(parts))
        rows.append(joined[0])
        keys.append(combine(joined[1], np.full(len(joined[1]), salt, np.uint64)))
        numbers.append(np.full(len(joined[1]), number, np.uint8))
    if not rows:
        return Keys(np.zeros(0, np.int32), np.zeros(0, np.uint64), np.zeros(0, np.uint8))
    return Keys(np.concatenate(rows), np.concatenate(keys), np.concatenate(numbers))


def effective_cap(cap: int, records: int) -> int:
    """The cap for a collection of this size: `cap` from 60,000 records on, looser for small ones."""
    return round(cap * min(8.0, max(1.0, math.sqrt(_COMFORT / max(records, 1)))))


def _block_pairs(row: I32, starts: I64, size: int) -> tuple[I32, I32]:
    members = row[starts[:, None] + np.arange(size)]
    a, b = np.triu_indices(size, 1)
    return members[:, a].ravel(), members[:, b].ravel()


def candidate_pairs(keys: Keys, *, cap: int, side: U8 | None = None) -> Pairs:
    """Pairs that share a key of at most `cap` records, each once, left < right, ordered.

    With `side` (one small integer a record) only pairs of different sides are made. A key shared by more than
    `cap` records makes none, so the number of pairs is at most len(keys) * (cap - 1) / 2.
    """
    order = np.argsort(keys.key, kind="stable")
    key, row, number = keys.key[order], keys.row[order], keys.pass_no[order]
    begins = (
        np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, np.int64)
    )
    sizes = np.diff(np.concatenate([begins, [len(key)]]))
    ids: list[I64] = []
    masks: list[U64] = []
    for size in range(2, cap + 1):
        starts = begins[sizes == size]
        step = max(1, 4_000_000 // (size * size))
        for at in range(0, len(starts), step):
            some = starts[at : at + step]
            a, b = _block_pairs(row, some, size)
            bit = np.repeat(np.uint64(1) << number[some].astype(np.uint64), size * (size - 1) // 2)
            keep = a != b if side is None else (a != b) & (side[a] != side[b])
            low, high = np.minimum(a, b)[keep].astype(np.int64), np.maximum(a, b)[keep].astype(np.int64)
            ids.append((low << 32) | high)
            masks.append(bit[keep])
    return _once(ids, masks)


def pairs_between(left: Keys, right: Keys, *, cap: int) -> Pairs:
    """Pairs of a left and a right record that share a key held by at most `cap` right records."""
    order = np.argsort(right.key, kind="stable")
    key, row = right.key[order], right.row[order]
    first = np.searchsorted(key, left.key, "left")
    counts = np.searchsorted(key, left.key, "right") - first
    group, offset = spread(np.where(counts <= cap, counts, 0).astype(np.int64))
    ids = (left.row[group].astype(np.int64) << 32) | row[first[group] + offset]
    return _once([ids], [np.uint64(1) << left.pass_no[group].astype(np.uint64)])


def _once(ids: list[I64], masks: list[U64]) -> Pairs:
    every = np.concatenate(ids) if ids else np.zeros(0, np.int64)
    if not len(every):
        return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint64))
    order = np.argsort(every, kind="stable")
    every = every[order]
    begins = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]]))
    mask = np.bitwise_or.reduceat(np.concatenate(masks)[order], begins)
    unique = every[begins]
    return Pairs((unique >> 32).astype(np.int32), (unique & 0xFFFFFFFF).astype(np.int32), mask)
