"""How values turn into parts of blocking keys; one decorated function per transform."""

from collections.abc import Callable

import numpy as np

from .arrays import I64, U64
from .columns import Column
from .hashing import combine, hash_strings
from .vocabulary import COMMON_WORDS

Part = tuple[I64, U64]
"""(value code, hash) of every key part of a column's distinct values; codes ascend."""
RANKED = 5

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


def squashed(value: str) -> str:
    return value.replace(" ", "")


def in_order(value: str) -> str:
    """The words of a value, sorted."""
    return " ".join(sorted(value.split()))


def _squashed(column: Column) -> list[str]:
    return column.mapped("squash", squashed)


@transform("value")
def _value(column: Column) -> Part:
    return np.arange(len(column.values), dtype=np.int64), column.hashes


@transform("squash")
def _squash(column: Column) -> Part:
    return _hashed(_squashed(column))


@transform("sorted")
def _sorted(column: Column) -> Part:
    return _hashed(column.mapped("sorted", in_order))


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


@transform("end4")
def _end4(column: Column) -> Part:
    """Month and day of a date: finds people whose year of birth is mistaken."""
    return _hashed([v[-4:] if len(v) == 8 else "" for v in column.values])


@transform("wordstart")
def _wordstart(column: Column) -> Part:
    """First letters of the longest word that is no number: finds streets whatever their number says."""
    return _hashed([max(filter(str.isalpha, v.split()), key=len, default="")[:6] for v in column.values])


@transform("acronym")
def _acronym(column: Column) -> Part:
    return _hashed(column.mapped("acronym", acronym))


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
