"""Comparators: similarity in [0, 1] of pairs of different clean values; one decorated, vectorized function each."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from .arrays import F32, I64, Bools
from .columns import Column
from .keyparts import acronym, in_order, squashed
from .rarity import Frequencies, cosine, weighted
from .vocabulary import NICKNAMES, SIBLING_WORDS

Strings = "np.ndarray[tuple[int], np.dtype[np.object_]]"


@dataclass(frozen=True, eq=False)
class Rarity:
    """What a model knows of how usual words and trigrams of one attribute are."""

    words: Frequencies
    grams: Frequencies


@dataclass(frozen=True, eq=False)
class Couples:
    """Pairs of different values: left.values[i[k]] against right.values[j[k]]."""

    left: Column
    right: Column
    i: I64
    j: I64
    rarity: Rarity

    def __len__(self) -> int:
        return len(self.i)

    @property
    def texts(self) -> tuple[Any, Any]:
        """Both sides as string arrays, in an order that does not depend on which side is left."""
        turn = self.left.hashes[self.i] > self.right.hashes[self.j]
        if self.left is self.right:
            values = self.left.array
            return values[np.where(turn, self.j, self.i)], values[np.where(turn, self.i, self.j)]
        a, b = self.left.array[self.i], self.right.array[self.j]
        return np.where(turn, b, a), np.where(turn, a, b)

    @property
    def shorter(self) -> I64:
        """Length of the shorter text of each couple."""
        return np.minimum(self.left.lengths[self.i], self.right.lengths[self.j])

    def per_value(self, name: str, make: Callable[[str], str]) -> tuple[Any, Any]:
        """Texts of both sides after `make`, computed once per distinct value."""
        return _mapped(self.left, name, make)[self.i], _mapped(self.right, name, make)[self.j]

    def cosine(self, features: str) -> F32:
        frequencies = self.rarity.words if features == "words" else self.rarity.grams
        a, b = weighted(self.left, features, frequencies), weighted(self.right, features, frequencies)
        return cosine(a, b, self.i, self.j)

    def overlap(self, features: str) -> tuple[F32, F32, F32]:
        """Cosine; share of the side that says less found on the other; and how much that side says (its length)."""
        frequencies = self.rarity.words if features == "words" else self.rarity.grams
        a, b = weighted(self.left, features, frequencies), weighted(self.right, features, frequencies)
        long, wide = a.norms[self.i], b.norms[self.j]
        less, more = np.minimum(long, wide), np.maximum(long, wide)
        found = cosine(a, b, self.i, self.j)
        return found, np.minimum(found * more / np.maximum(less, 1e-6), 1.0).astype(np.float32), less


Comparator = Callable[[Couples], F32]
COMPARATORS: dict[str, Comparator] = {}


def comparator(name: str) -> Callable[[Comparator], Comparator]:
    """Register a comparator by name; a second one of the same name is an error at import."""

    def register(function: Comparator) -> Comparator:
        if name in COMPARATORS:
            raise ValueError(f"comparator {name!r} is registered already")
        COMPARATORS[name] = function
        return function

    return register


def _mapped(column: Column, name: str, make: Callable[[str], str]) -> Any:
    memory: dict[str, Any] = column.__dict__.setdefault("_arrays", {})
    if name not in memory:
        out = np.empty(len(column.values), dtype=object)
        out[:] = column.mapped(name, make)
        memory[name] = out
    return memory[name]


def _pairwise(scorer: Any, a: Any, b: Any) -> F32:
    return np.asarray(process.cpdist(a, b, scorer=scorer, dtype=np.float32, workers=1))


def _jaro_winkler(a: Any, b: Any) -> F32:
    return _pairwise(JaroWinkler.similarity, a, b)


def _edits(a: Any, b: Any, most: int) -> Any:
    return process.cpdist(a, b, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8, workers=1)


def _lengths(texts: Any) -> I64:
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _same(a: Any, b: Any) -> Bools:
    return np.asarray((a == b) & (a != ""), bool)


@comparator("exact")
def exact(couples: Couples) -> F32:
    """Different is different."""
    return np.zeros(len(couples), np.float32)


@comparator("jaro_winkler")
def jaro_winkler(couples: Couples) -> F32:
    return _jaro_winkler(*couples.texts)


@comparator("given_name")
def given_name(couples: Couples) -> F32:
    """Jaro-Winkler; nicknames are near-equal, an initial agrees with the names it may stand for."""
    a, b = couples.texts
    out = _jaro_winkler(a, b)
    x, y = couples.per_value("first", lambda v: v.partition(" ")[0])
    out[_same(x, y)] = np.maximum(out[_same(x, y)], 0.95)
    x, y = couples.per_value("nickname", lambda v: NICKNAMES.get(w := v.partition(" ")[0], w))
    out[_same(x, y)] = np.maximum(out[_same(x, y)], 0.94)
    shorter = couples.shorter
    x, y = couples.per_value("initial", lambda v: v[:1])
    initial = (shorter == 1) & _same(x, y)
    out[initial] = 0.88
    return out


@comparator("person_name")
def person_name(couples: Couples) -> F32:
    """Names as sets of words: order, missing middle names, nicknames and initials are forgiven in that order."""
    x, y = couples.per_value("person", _canonical_person)
    out = np.minimum(_jaro_winkler(x, y), np.float32(0.98))
    out = np.maximum(out, np.minimum(couples.cosine("grams"), np.float32(0.98)))
    out[_same(x, y)] = 0.99
    subset = (_pairwise(fuzz.token_set_ratio, x, y) >= 99) & (np.minimum(_lengths(x), _lengths(y)) > 5)
    out[subset] = np.maximum(out[subset], 0.92)
    x, y = couples.per_value("initials", _initial_and_last)
    out[_same(x, y)] = np.maximum(out[_same(x, y)], 0.87)
    return out


def _canonical_person(name: str) -> str:
    return " ".join(sorted([NICKNAMES.get(t, t) for t in name.split()]))


def _initial_and_last(name: str) -> str:
    parts = name.split()
    return f"{parts[0][0]} {parts[-1]}" if len(parts) > 1 else ""


@comparator("text")
def text(couples: Couples) -> F32:
    """Typing errors and order of words: trigram cosine, or its mean with Jaro-Winkler."""
    grams = couples.cosine("grams")
    return np.maximum(grams, (grams + _jaro_winkler(*couples.texts)) / 2)


@comparator("organisation_name")
def organisation_name(couples: Couples) -> F32:
    """As "text", plus rare common words, slips in short names, names written together, acronyms; siblings apart."""
    x, y = couples.per_value("sorted", in_order)
    out = np.maximum(text(couples), couples.cosine("words"))
    out = np.minimum(np.maximum(out, _pairwise(fuzz.ratio, x, y) / 100), np.float32(0.98))
    p, q = couples.per_value("sibling", _sibling_words)
    apart = np.asarray(p != q, bool)
    out[apart] = np.minimum(out[apart], np.float32(0.84))
    p, q = couples.per_value("digits", _digit_words)
    apart = np.asarray((p != q) & (p != "") & (q != ""), bool)
    out[apart] = np.minimum(out[apart], np.float32(0.79))
    x, y = couples.per_value("squash", squashed)
    out[_same(x, y)] = 0.99
    p, q = couples.per_value("acronym", acronym)
    short = (_same(p, y) | _same(x, q)) & (np.minimum(_lengths(x), _lengths(y)) >= 2)
    out[short] = np.maximum(out[short], 0.88)
    return out


def _sibling_words(name: str) -> str:
    found = [t for t in name.split() if t in SIBLING_WORDS]
    return " ".join(sorted(found)) if found else ""


def _digit_words(name: str) -> str:
    if name.isascii() and not _DIGIT.search(name):
        return ""
    return " ".join(sorted([t for t in name.split() if t[0].isdigit()]))


_DIGIT = re.compile(r"[0-9]")


_TELLING = 14.0
"""Length of some four rare words: a list that says that much and is part of another is near it."""


@comparator("free_text")
def free_text(couples: Couples) -> F32:
    """Long text: the larger of the cosines of rare trigrams and rare words."""
    return np.minimum(np.maximum(couples.cosine("grams"), couples.cosine("words")), np.float32(0.999))


@comparator("people")
def people(couples: Couples) -> F32:
    """Lists of names, whatever their order: given names cut to initials and names left out cost little."""
    words, contained, says = couples.overlap("words")
    out = np.maximum(words, contained * (0.75 + 0.2 * np.minimum(says / _TELLING, 1.0)))
    return np.asarray(np.minimum(np.maximum(out, couples.cosine("grams")), 0.999), np.float32)


@comparator("words")
def word_overlap(couples: Couples) -> F32:
    return np.minimum(couples.cosine("words"), np.float32(0.999))


@comparator("codes")
def codes(couples: Couples) -> F32:
    """Sets of model numbers: a shared one decides; one with another ending (colour, region) is near."""
    _, contained, _ = couples.overlap("words")
    bases = replace(
        couples, left=couples.left.derived("bases", _bases), right=couples.right.derived("bases", _bases)
    )
    _, near, _ = bases.overlap("words")
    return np.asarray(np.maximum(contained * 0.99, near * 0.9), np.float32)


_ENDING = re.compile(r"(?<=\d)[a-z]{1,4}$")


def _bases(column: Column) -> Column:
    """Model numbers without the letters at their end."""
    values = [
        " ".join([b if len(b := _ENDING.sub("", t)) > 3 else t for t in v.split()]) for v in column.values
    ]
    return Column(column.n, values, column.rows, column.codes)


@comparator("code")
def code(couples: Couples) -> F32:
    """One or two slips in a code, judged by its length; a shared start counts a little."""
    a, b = couples.texts
    edits = _edits(a, b, 2)
    shorter = couples.shorter
    out = np.select(
        [(edits <= 1) & (shorter >= 5), (edits <= 2) & (shorter >= 7), (edits <= 1) & (shorter >= 3)],
        [0.97, 0.9, 0.8],
        0.0,
    ).astype(np.float32)
    x, y = couples.per_value("start3", lambda v: v[:3])
    begins = _same(x, y) & (shorter >= 4)
    out[begins] = np.maximum(out[begins], 0.65)
    return out


@comparator("house_number")
def house_number(couples: Couples) -> F32:
    """ "12" and "12a" are near, "12" and "14" are different."""
    x, y = couples.per_value("digits", lambda v: v.rstrip("abcdefghijklmnopqrstuvwxyz"))
    out = np.where(_same(x, y), np.float32(0.93), np.float32(0.0)).astype(np.float32)
    a, b = couples.texts
    slip = (_edits(a, b, 1) <= 1) & (couples.shorter >= 3)
    out[slip] = np.maximum(out[slip], 0.75)
    return out


@comparator("phone")
def phone(couples: Couples) -> F32:
    """One slip in the digits (two are a neighbour's line); a number written without its area code agrees on its end."""
    a, b = couples.texts
    edits = _edits(a, b, 2)
    out = np.select([edits <= 1, edits <= 2], [0.95, 0.65], 0.0).astype(np.float32)
    x, y = couples.per_value("last7", lambda v: v[-7:] if len(v) >= 7 else "")
    same = _same(x, y)
    out[same] = np.maximum(
        out[same], np.where(_lengths(a[same]) != _lengths(b[same]), np.float32(0.98), np.float32(0.92))
    )
    return out


@comparator("email")
def email(couples: Couples) -> F32:
    """Slips first, then the same mailbox elsewhere, then another mailbox of the same host."""
    a, b = couples.texts
    edits = _edits(a, b, 3)
    x, y = couples.per_value("local", lambda v: v.partition("@")[0])
    p, q = couples.per_value("host", lambda v: v.partition("@")[2])
    box = _jaro_winkler(x, y)
    host = _jaro_winkler(p, q)
    out = np.minimum(box, host) * np.float32(0.95)
    mailbox = _same(x, y) & (_lengths(x) >= 6)
    out[mailbox] = np.maximum(out[mailbox], 0.92)
    for most, value in ((3, 0.92), (2, 0.95), (1, 0.98)):
        near = (edits <= most) & (_lengths(x) >= 4)
        out[near] = np.maximum(out[near], value)
    return out


@comparator("domain")
def domain(couples: Couples) -> F32:
    """The name in front of the suffix carries the sense: "acme.co.uk" and "acme.com" are near."""
    x, y = couples.per_value("core", lambda v: v.partition(".")[0].replace("-", ""))
    out = np.minimum(text(couples), np.float32(0.94))
    same = _same(x, y)
    out[same] = np.maximum(out[same], 0.96)
    return out


@comparator("date")
def date(couples: Couples) -> F32:
    """Slips, day and month exchanged, or one of the three parts different."""
    a, b = couples.texts
    edits = _edits(a, b, 2)
    out = np.select([edits <= 1, edits <= 2], [0.97, 0.88], 0.0).astype(np.float32)
    x, y = couples.per_value("exchanged", lambda v: v[:4] + v[6:8] + v[4:6] if len(v) == 8 else "")
    out[_same(couples.left.array[couples.i], y)] = 0.96
    for name, cut, value in (
        ("year", slice(0, 4), 0.65),
        ("month", slice(0, 6), 0.75),
        ("day", slice(4, 8), 0.82),
    ):
        x, y = couples.per_value(name, lambda v, cut=cut: v[cut] if len(v) == 8 else "")  # type: ignore[misc]  # mypy cannot type a default of a lambda
        same = _same(x, y)
        out[same] = np.maximum(out[same], value)
    return out


@comparator("number")
def number(couples: Couples) -> F32:
    """Ratio of the smaller to the larger."""
    a = couples.left.array[couples.i].astype(np.float64)
    b = couples.right.array[couples.j].astype(np.float64)
    large = np.maximum(np.abs(a), np.abs(b))
    near = 1.0 - np.abs(a - b) / np.where(large == 0, 1.0, large)
    return np.clip(near, 0.0, 0.98).astype(np.float32)
