"""Folding of raw text in bulk: case, accents, scripts and punctuation, one pass over a whole column."""

import re
import unicodedata
from collections.abc import Callable

_LETTERS = {
    "ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    "’": "'", "´": "'", "‘": "'", "–": "-", "—": "-", "€": " euro ", "№": " no ",
}  # fmt: skip
_CYRILLIC = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch "
    "ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=i є=e ґ=g ў=u ј=j љ=lj њ=nj ћ=c џ=dz ђ=dj"
)
_GREEK = (
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
)
_TABLE = str.maketrans(_LETTERS | {e[0]: e[2:] for e in f"{_CYRILLIC} {_GREEK}".split()})
_MARKS = re.compile(r"[\u0300-\u036f]+")
_DOTTED = re.compile(r"(?<![^\W_])([^\W\d_])\.[ ]?(?=[^\W\d_](?:\.|[^\w]|$))", re.MULTILINE)
_NOT_WORD = re.compile(r"[^\w\n]+|_+")
_BLANKS = str.maketrans({chr(c): " " for c in range(128) if not chr(c).isalnum() and chr(c) != "\n"})
_GAPS = re.compile(" {2,}")
_UMLAUT = re.compile(r"(?<=[a-z])e(?<=[aou]e)(?=[b-df-hj-np-tv-z])", re.MULTILINE)


def join_lines(values: list[str]) -> str:
    """One value a line; line breaks inside a value become blanks."""
    blob = "\n".join(values)
    if blob.count("\n") != max(len(values) - 1, 0) or "\r" in blob:
        blob = "\n".join(" ".join(v.split()) for v in values)
    return blob


def unaccent(values: list[str]) -> list[str]:
    """Lower case, Latin letters without marks, Cyrillic and Greek transliterated; punctuation kept."""
    if not values:
        return []
    blob = join_lines(values).lower()
    if blob.isascii():
        return blob.split("\n")
    return _in_lines(blob.split("\n"), lambda line: not line.isascii(), _plain_letters)


def _plain_letters(blob: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKD", blob.translate(_TABLE))).translate(_TABLE)


def _in_lines(lines: list[str], concerned: Callable[[str], bool], change: Callable[[str], str]) -> list[str]:
    """Lines, those concerned changed as one text: few of them need what is dear."""
    at = [k for k, line in enumerate(lines) if concerned(line)]
    if at:
        for k, line in zip(at, change("\n".join([lines[k] for k in at])).split("\n"), strict=True):
            lines[k] = line
    return lines


def words(values: list[str]) -> list[str]:
    """Folded words separated by single blanks; "S.A.R.L." becomes "sarl", "O'Neil" becomes "oneil"."""
    if not values:
        return []
    blob = "\n".join(unaccent(values)).replace("'", "").replace("`", "")
    if "." in blob:
        blob = "\n".join(_in_lines(blob.split("\n"), _has_point, lambda text: _DOTTED.sub(r"\1", text)))
    blob = _GAPS.sub(" ", blob.translate(_BLANKS)) if blob.isascii() else _NOT_WORD.sub(" ", blob)
    return [line.strip() for line in blob.split("\n")]


def _has_point(line: str) -> bool:
    return "." in line


def without_umlaut_e(values: list[str]) -> list[str]:
    """ "mueller" and "muller" become one spelling (both sides of every comparison pass through here)."""
    return _UMLAUT.sub("", "\n".join(values)).split("\n") if values else []
