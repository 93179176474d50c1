"""Differences between two texts at the level of characters, for side-by-side views; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SIMILAR = 0.55
"""Texts less alike than this are marked as a whole: a patchwork of letters would tell nothing."""

LONGEST = 400
_WORDS = re.compile(r"\w+|\W+")
Segments = tuple[tuple[bool, str], ...]
"""(differs, text) pieces of one side."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One attribute on both sides, in pieces; `kind` is same, differs, left or right (only there) or empty."""

    title: str
    kind: str
    left: Segments
    right: Segments


def compare_texts(title: str, left: str, right: str) -> Compared:
    """Return both texts with the characters that differ marked; letter case counts as no difference."""
    if not left and not right:
        return Compared(title, "empty", (), ())
    if not left or not right:
        return Compared(title, "left" if left else "right", _plain(left), _plain(right))
    if left == right:
        return Compared(title, "same", _plain(left), _plain(right))
    if max(len(left), len(right)) > LONGEST or _ratio(left, right) < SIMILAR:
        return Compared(title, "differs", ((True, left),), ((True, right),))
    lefts: list[tuple[bool, str]] = []
    rights: list[tuple[bool, str]] = []
    words, others = _WORDS.findall(left), _WORDS.findall(right)
    for tag, i1, i2, j1, j2 in _matcher(
        [w.casefold() for w in words], [w.casefold() for w in others]
    ).get_opcodes():
        one, other = "".join(words[i1:i2]), "".join(others[j1:j2])
        if tag == "replace" and _ratio(one, other) >= SIMILAR:
            _add_characters(one, other, lefts, rights)
            continue
        if one:
            lefts.append((tag != "equal", one))
        if other:
            rights.append((tag != "equal", other))
    return Compared(title, "differs", tuple(lefts), tuple(rights))


def _add_characters(
    one: str, other: str, lefts: list[tuple[bool, str]], rights: list[tuple[bool, str]]
) -> None:
    """Add two words that are alike, letter by letter."""
    for tag, i1, i2, j1, j2 in _matcher(one.lower(), other.lower()).get_opcodes():
        if i1 < i2:
            lefts.append((tag != "equal", one[i1:i2]))
        if j1 < j2:
            rights.append((tag != "equal", other[j1:j2]))


def _matcher(one: Sequence[str], other: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, one, other, autojunk=False)


def _ratio(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1; 0 where lower case changes the number of characters."""
    same_length = len(one.lower()) == len(one) and len(other.lower()) == len(other)
    return _matcher(one.lower(), other.lower()).ratio() if same_length else 0.0


def _plain(text: str) -> Segments:
    return ((False, text),) if text else ()


def compare_lists(title: str, left: list[str], right: list[str]) -> list[Compared]:
    """Return one row per item: common items first, then each side's own, paired in order."""
    common = [text for text in left if text in right]
    rows = [compare_texts(title, text, text) for text in common]
    only_left = [text for text in left if text not in common]
    only_right = [text for text in right if text not in common]
    for number in range(max(len(only_left), len(only_right))):
        one = only_left[number] if number < len(only_left) else ""
        other = only_right[number] if number < len(only_right) else ""
        rows.append(compare_texts(title, one, other))
    return rows
