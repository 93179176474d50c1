"""Differences between two texts at the level of characters, for side-by-side views; pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher

SIMILAR = 0.55
"""Texts less alike than this are marked as a whole: a patchwork of letters would tell nothing."""

LONGEST = 400
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
    one, other = left.casefold(), right.casefold()
    comparable = len(one) == len(left) and len(other) == len(right) and max(len(left), len(right)) <= LONGEST
    matcher = SequenceMatcher(None, one, other, autojunk=False) if comparable else None
    if matcher is None or matcher.ratio() < SIMILAR:
        return Compared(title, "differs", ((True, left),), ((True, right),))
    lefts: list[tuple[bool, str]] = []
    rights: list[tuple[bool, str]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if i1 < i2:
            lefts.append((tag != "equal", left[i1:i2]))
        if j1 < j2:
            rights.append((tag != "equal", right[j1:j2]))
    return Compared(title, "differs", tuple(lefts), tuple(rights))


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
