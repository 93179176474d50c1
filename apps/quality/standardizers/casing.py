"""Give shouted text its usual case back, keeping acronyms, legal forms and names such as McDonald."""

import re
import unicodedata
from functools import lru_cache

from apps.quality.reference.legal_forms import DISPLAY
from apps.quality.reference.words import ACRONYMS, SHORT_WORDS, SMALL_WORDS

_TOKEN = re.compile(r"[^\s/()\[\],;:\"-]+")
_VOWELS = frozenset("AEIOUY")
_UNPRONOUNCEABLE = frozenset({"vcc", "vvc", "ccv", "vvv"})
_MAC = re.compile(r"Mc([a-z])(?=[a-z]{2})")
_APOSTROPHE = re.compile(r"^(O|D|L)'([a-z])")
_ORDINAL = re.compile(r"[0-9]+(?:ST|ND|RD|TH)")


def _is_shouted(token: str) -> bool:
    return token.isupper() or (token[:2] == "Mc" and token[2:].isupper())


def _keeps_capitals(token: str) -> bool:
    """Tell whether a token in capitals is an acronym: known, with digits or dots, or not pronounceable."""
    if token in ACRONYMS or "." in token or "&" in token:
        return True
    if any(map(str.isdigit, token)):
        return not _ORDINAL.fullmatch(token)
    if token.lower() in SHORT_WORDS or not token.isascii():
        return False
    if len(token) == 2:
        return True
    shape = "".join("v" if letter in _VOWELS else "c" for letter in token)
    return ("v" not in shape and len(token) <= 5) or shape in _UNPRONOUNCEABLE


def word_case(token: str) -> str:
    """Return one shouted word in title case: "O'BRIEN" is "O'Brien", "MCDONALD" is "McDonald"."""
    word = token[:1] + token[1:].lower()
    word = _APOSTROPHE.sub(lambda match: f"{match[1]}'{match[2].upper()}", word)
    return _MAC.sub(lambda match: "Mc" + match[1].upper(), word)


def title_word(word: str) -> str:
    """Return one word, shouted or whispered, in title case."""
    return word_case(word[:1].upper() + word[1:])


def shouts(text: str) -> bool:
    """Tell whether a text is in capitals throughout, legal forms, small words and short tokens left out."""
    telling = longest = 0
    for token in _TOKEN.findall(text):
        if token.isdigit():
            continue
        plain = token.lower()
        if plain in SMALL_WORDS or plain.replace(".", "") in DISPLAY:
            continue
        if not _is_shouted(token):
            if token == plain.upper():
                continue  # no letters that have cases
            return False
        telling += 1
        longest = max(longest, len(token))
    return longest > 4 or (longest > 3 and telling > 1)


def repair_case(text: str) -> str:
    """Return shouted text in title case, any other text as it is."""
    if not shouts(text):
        return text

    def change(match: re.Match[str]) -> str:
        token, start = match[0], match.start()
        if start:
            lower = token.lower()
            if "." not in token and (form := DISPLAY.get(lower)):
                return form
            if lower in SMALL_WORDS and text[start - 1] != "/" and not _in_brackets(text, match):
                return lower
            if len(token) <= 5 and _in_brackets(text, match):
                return token
        return _token_case(token)

    cased = _TOKEN.sub(change, text)
    return cased if cased.isascii() else unicodedata.normalize("NFKC", cased)


@lru_cache(maxsize=8192)
def _token_case(token: str) -> str:
    """Return one token in title case, unless it is an acronym or was not in capitals."""
    if len(token) == 1 or not _is_shouted(token) or _keeps_capitals(token):
        return token
    return word_case(token)


def _in_brackets(text: str, match: re.Match[str]) -> bool:
    return text[match.start() - 1 : match.start()] in ("(", "[") and text[match.end() : match.end() + 1] in (
        ")",
        "]",
    )
