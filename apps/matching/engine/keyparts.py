"""How values turn into parts of blocking keys; one decorated function per transform."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from .arrays import I64, U64
from .columns import Column
from .hashing import combine, combine_one, hash_one, hash_strings
from .vocabulary import COMMON_WORDS

Part = tuple[I64, U64]
"""(value code, hash) of every key part of a column's distinct values; codes ascend."""
Cut = Callable[[str], str]
RANKED = 5
SINGLE = 4
"""Of the ranked words those that are parts by themselves."""

_COMPARED = {"squash", "sorted", "acronym"}
"""Parts that comparators ask for, too: made once."""
CUTS: dict[str, Cut] = {}
"""Transforms that make one part of a value, or none ("")."""


def cut(name: str) -> Callable[[Cut], Cut]:
    """Register how a value turns into a part of blocking keys."""

    def register(function: Cut) -> Cut:
        if name in CUTS:
            raise ValueError(f"transform {name!r} exists already")
        CUTS[name] = function
        return function

    return register


def parts_of(column: Column, how: str) -> Part:
    """What a transform makes of the distinct values of a column; raises KeyError for one that does not exist."""
    if how in ("", "value"):
        return np.arange(len(column.values), dtype=np.int64), column.hashes
    if how == "pairs":
        return _pairs(column)
    if how == "words":
        ranked = ranked_tokens(column)[:, :SINGLE]
        return _ordered(np.repeat(np.arange(len(ranked), dtype=np.int64), SINGLE), ranked.ravel())
    hashed = hash_strings(
        column.mapped(how, CUTS[how]) if how in _COMPARED else [CUTS[how](v) for v in column.values]
    )
    found = np.flatnonzero(hashed)
    return found, hashed[found]


def parts_of_one(value: str, how: str) -> list[int]:
    """The same for one value."""
    if how in ("", "value"):
        return [hash_one(value)]
    if how == "words":
        return [hash_one(word) for word in ranked_words(value)[:SINGLE]]
    if how == "pairs":
        hashed = [hash_one(word) for word in ranked_words(value)]
        return [combine_one(min(pair), max(pair)) for pair in combinations(hashed, 2)]
    part = CUTS[how](value)
    return [hash_one(part)] if part else []


@cut("squash")
def squashed(value: str) -> str:
    return value.replace(" ", "")


@cut("sorted")
def in_order(value: str) -> str:
    """The words of a value, sorted."""
    return " ".join(sorted(value.split()))


@cut("first")
def _first(value: str) -> str:
    return value.partition(" ")[0] if len(value) > 1 else ""


@cut("last")
def _last(value: str) -> str:
    return value.rpartition(" ")[2] if len(value) > 1 else ""


@cut("start2")
def _start2(value: str) -> str:
    return squashed(value)[:2]


@cut("start3")
def _start3(value: str) -> str:
    return squashed(value)[:3]


@cut("start5")
def _start5(value: str) -> str:
    return _start(value, 5)


@cut("start8")
def _start8(value: str) -> str:
    return _start(value, 8)


@cut("start12")
def _start12(value: str) -> str:
    return _start(value, 12)


def _start(value: str, size: int) -> str:
    start = squashed(value)[:size]
    return start if len(start) == size else ""


@cut("end4")
def _end4(value: str) -> str:
    """Month and day of a date: finds people whose year of birth is mistaken."""
    return value[-4:] if len(value) == 8 else ""


@cut("wordstart")
def _wordstart(value: str) -> str:
    """First letters of the longest word that is no number: finds streets whatever their number says."""
    return max(filter(str.isalpha, value.split()), key=len, default="")[:6]


@cut("acronym")
def acronym(name: str) -> str:
    """Initials of a name of several words; a short single word is taken to be one already."""
    parts = name.split()
    if len(parts) > 1:
        return "".join([p[0] for p in parts])
    return name if 2 <= len(name) <= 4 else ""


_SOUND = str.maketrans("bpfvwcgkqsxzjdtlmnr", "bbffvkkkksssjttlmmr", "aeiouyh0123456789 ")


@cut("sound")
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


def ranked_words(value: str) -> list[str]:
    """At most `RANKED` words of a value, the likeliest to be rare first."""
    parts = {t for t in value.split() if len(t) > 1}
    return sorted(parts, key=_rarity)[:RANKED] if len(parts) > 1 else list(parts)


def _rank_tokens(column: Column) -> U64:
    chosen: list[str] = []
    for value in column.values:
        ranked = ranked_words(value)
        chosen.extend(ranked)
        chosen.extend([""] * (RANKED - len(ranked)))
    return hash_strings(chosen).reshape(len(column.values), RANKED)


def _ordered(codes: I64, hashed: U64) -> Part:
    found = hashed != 0
    codes, hashed = codes[found], hashed[found]
    order = np.argsort(codes, kind="stable")
    return codes[order], hashed[order]


def _pairs(column: Column) -> Part:
    """Every two of the rarest words."""
    ranked = ranked_tokens(column)
    a, b = np.triu_indices(RANKED, 1)
    low, high = np.minimum(ranked[:, a], ranked[:, b]), np.maximum(ranked[:, a], ranked[:, b])
    both = np.where(low != 0, combine(low, high), np.uint64(0))
    return _ordered(np.repeat(np.arange(len(ranked), dtype=np.int64), len(a)), both.ravel())
