"""Make any text safe and comparable: Unicode form, invisible characters, entities, damaged encodings."""

import html
import re
import unicodedata

from apps.quality.contracts import Issue, Standardized
from apps.quality.reference.words import CERTAIN_PLACEHOLDERS, PLACEHOLDERS
from apps.quality.standardizers.base import dropped, found

_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_MOJIBAKE = re.compile("[\u00c2-\u00c3][\u0080-\u00bf\u20ac\u201a-\u2122]|\u00e2\u20ac.")
_LATIN = "A-Za-z\u00c0-\u024f"
_LOOKALIKE = "\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u13a0-\u13ff"
_MIXED = re.compile(f"[{_LATIN}][{_LOOKALIKE}]|[{_LOOKALIKE}][{_LATIN}]")
_QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201b": "'",
        "\u02bc": "'",
        "\u0060": "'",
        "\u00b4": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
    }
)
_PASSES = 8


def _repair_encoding(text: str) -> str:
    """Return UTF-8 that was once read as Windows-1252 as it was meant; other text as it is."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _remove(pattern: re.Pattern[str], text: str, issue: Issue, issues: dict[str, Issue]) -> str:
    shorter = pattern.sub("", text)
    if len(shorter) != len(text):
        issues[issue.code] = issue
    return shorter


def _pass(text: str, issues: dict[str, Issue]) -> str:
    if "&" in text and (plain := _ENTITY.sub(lambda match: html.unescape(match[0]), text)) != text:
        issues["text.html_entity"] = found("text.html_entity", "HTML entities were resolved.", text, "info")
        text = plain
    if _MOJIBAKE.search(text) and (meant := _repair_encoding(text)) != text:
        issues["text.encoding"] = found("text.encoding", "A damaged encoding was repaired.", text, "warn")
        text = meant
    text = _remove(_SURROGATE, text, found("text.surrogate", "Half characters were removed.", text), issues)
    text = _remove(
        _BIDI,
        text,
        found("text.bidi", "Characters that reverse the reading order were removed.", text),
        issues,
    )
    text = _remove(
        _INVISIBLE, text, found("text.invisible", "Invisible characters were removed.", text, "warn"), issues
    )
    text = _remove(
        _CONTROL, text, found("text.control", "Control characters were removed.", text, "warn"), issues
    )
    return " ".join(unicodedata.normalize("NFKC", text).split())


def clean(value: str) -> tuple[str, tuple[Issue, ...]]:
    """Return NFKC text on one line, without invisible characters, and what was removed or looks dangerous.

    A text that does not come to rest (entities within entities) becomes "" with an issue.
    """
    if value.isascii() and value.isprintable() and "&" not in value:
        return (" ".join(value.split()) if "  " in value else value.strip()), ()
    issues: dict[str, Issue] = {}
    text = value
    for _ in range(_PASSES):
        cleaned = _pass(text, issues)
        if cleaned == text:
            break
        text = cleaned
    else:
        return "", (found("text.unstable", "The text hides itself in layers of encoding.", value),)
    if _MIXED.search(text):
        issues["text.mixed_scripts"] = found(
            "text.mixed_scripts", "One word mixes alphabets whose letters look alike.", value
        )
    if "\ufffd" in text:
        issues["text.replacement"] = found("text.replacement", "Characters were lost in an encoding.", value)
    return text, tuple(issues.values())


def capitals(text: str) -> str:
    """Return clean text in upper case; letters such as "ß" need a second round to come to rest."""
    for _ in range(_PASSES):
        upper = clean(text.upper())[0]
        if upper == text:
            break
        text = upper
    return text


def straighten(text: str) -> str:
    """Return text with typographic quotes and dashes as the plain ones."""
    return text if text.isascii() else text.translate(_QUOTES)


def is_placeholder(text: str, *, certain: bool = False) -> bool:
    """Tell whether a text stands for "nothing" ("N/A", "-"); `certain` leaves real codes such as NA alone."""
    if not text:
        return True
    words = CERTAIN_PLACEHOLDERS if certain else PLACEHOLDERS
    return text.lower() in words or not (text[0].isalnum() or any(map(str.isalnum, text)))


def no_value(raw: str, text: str, issues: tuple[Issue, ...]) -> Standardized:
    """Return the outcome for a text that stands for nothing; a blank one needs no remark."""
    if not text:
        return Standardized(None, issues)
    return dropped("value.placeholder", "The text stands for no value.", raw, "info", issues)
