"""Find the institution in a long address-like name: "Dept. of Physics, Univ. of Oxford, Oxford OX1 3PU, UK"."""

import re

from . import vocabulary as known
from .text import words

_CUT = re.compile(r"[,;|\n\t#\[\]]+|\.\s+(?=E-?mail)|(?<=[a-z]{4})\.\s+(?=[A-Z])")
_MAIL = re.compile(r"\S+@\S+|e-?mails?:?", re.IGNORECASE)
_MARKUP = re.compile(r"#[A-Z]{1,4}#|</?\w+>|^\W*\d?\s*(?=[A-Z])")
_UNIVERSITY = re.compile(
    r"\b(?:univ|university|universit\w+|universi[td]a\w*|uniwersytet|universitet\w*|univerz\w+|polytechnic\w*"
    r"|polytechn\w+|politecnic[oa]|politechnika|hochschule|hogeschool|eth|epfl|mit|ecole|academy of sciences"
    r"|inst\w* of tech\w*|inst\w* tech\w*)\b"
)
_HOUSE = re.compile(
    r"\b(?:hospital|hosp|college|coll|clinic|klinik|klinikum|academy|national lab\w*|medical cent\w+|observatory"
    r"|council|foundation|society|ministry|agency|museum|corp|corporation|inc|ltd|gmbh|llc|plc|company|co)\b"
)
_PART = re.compile(
    r"^(?:the )?(?:dep|dept|depart\w*|depto|dipartimento|div|division|sch|school|fac|faculty|facult\w+|fak\w*|section"
    r"|sect|lehrstuhl|chair|group|unit|program\w*|graduate|post|box|po|room|floor|building|bldg|state key|key)\b"
    r"|\b(?:department|dept|division|school|faculty|section|group|street|st|road|rd|avenue|ave|blvd|strasse)$"
)
_BARE = re.compile(r"^(?:univ\w*|institut\w*|college)$")
_UNIT_BEFORE = re.compile(
    r"^(?:dep|dept|depart\w*|div|division|sch|school|fac|faculty|institut\w*)\b.*\b(?=univ\w* (?:of|de|di|degli) )"
)
_CENTRE = re.compile(
    r"\b(?:inst|institut\w*|instit\w*|cent(?:er|re|ro)\w*|ctr|lab|labs|laborator\w*|research)\b"
)
_PLACE = re.compile(r"\d{3,}|^[a-z]{2} ?\d|^[a-z]{2}$|\bstate$")
_CAMPUSES = re.compile(
    r"^(?:state )?univ\w*(?: of)? (?:california|texas|illinois|new york|north carolina|missouri|wisconsin|massachusetts"
    r"|colorado|tennessee|maryland|michigan|nebraska|alabama|minnesota|arkansas|alaska|hawaii|houston)$"
)
_CUTTABLE = re.compile(r"[,;|\n\t#\[\]<@]|\.\s|mail", re.IGNORECASE)
"""Without any of these a name has one part, whatever else is taken out of it."""
_LONG = 4
"""A name of fewer words is taken as it is."""


def _rank(part: str) -> int:
    """How much a part of a long name looks like the institution itself; negative for places and countries."""
    if not part or part in known.COUNTRIES or _PLACE.search(part):
        return -1
    if _PART.search(part):
        return 1
    if _UNIVERSITY.search(part):
        return 5
    if _HOUSE.search(part):
        return 4
    return 3 if _CENTRE.search(part) else 2


def _joined(parts: list[str]) -> list[str]:
    """A legal form or a bare "University" after a comma belongs to the name before it."""
    out: list[str] = []
    for part in parts:
        if out and part and (part.split()[0] in known.LEGAL_FORMS or _BARE.match(part)):
            out[-1] = f"{out[-1]} {part}"
        elif part:
            out.append(_UNIT_BEFORE.sub("", part))
    return out


def institution(value: str) -> str:
    """The part of a name that names the institution; short names and plain company names are left alone."""
    if len(value) < 20 or value.count(" ") < _LONG - 1 or not _CUTTABLE.search(value):
        return value
    plain = _MAIL.sub(" ", _MARKUP.sub(" ", value))
    parts = _joined(words([p for p in _CUT.split(plain) if p.strip()]))
    if len(parts) < 2:
        return value
    ranks = [_rank(p) for p in parts]
    top = max(ranks)
    # Without a place, a unit or an institution's own word the commas are part of the name: "Skadden, Arps, Slate".
    if top < 2 or (min(ranks) > 1 and top < 5) or (top < 3 and min(ranks) >= 0):
        return value
    # Of several of a kind the last is the largest ("Institute of Physics, Academy of Sciences"), companies come first.
    at = ranks.index(top) if top in {2, 3, 4} else len(ranks) - 1 - ranks[::-1].index(top)
    after = parts[at + 1] if at + 1 < len(parts) and ranks[at + 1] in {2, 3} else ""
    return f"{parts[at]} {after}" if after and _CAMPUSES.search(parts[at]) else parts[at]
