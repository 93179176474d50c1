"""What is believed of each semantic type before any data: weights of the levels, and how matches spread over them."""

from dataclasses import dataclass

import numpy as np

from .arrays import F64

LEVELS = 10
"""0 = missing, 1 = different ... 8 = nearly equal, 9 = equal."""
EDGES = np.array([0.6, 0.7, 0.8, 0.86, 0.91, 0.95, 0.985])


@dataclass(frozen=True)
class Prior:
    """Per level 1..9: probability among matches (m) and weight in bits; `equal` is the share of chance equality."""

    m: tuple[float, ...]
    weight: tuple[float, ...]

    @property
    def u(self) -> F64:
        m = np.array(self.m) / sum(self.m)
        u = m / np.exp2(np.array(self.weight))
        # What the levels of similarity leave over falls on "different".
        u[0] = max(u[0], 1.0 - u[1:].sum())
        return np.asarray(u / u.sum(), np.float64)


def _two(equal: float, different: float, gain: float, loss: float) -> Prior:
    """Of a type that is equal or different and nothing between."""
    return Prior((different, *[0.01] * 7, equal), (loss,) * 8 + (gain,))


_NAME = Prior((4, 1, 1, 2, 3, 5, 8, 10, 66), (-4.5, -3.5, -2, -0.5, 1.5, 4, 6, 7.5, 9))
_TEXT = Prior((8, 2, 3, 4, 5, 6, 8, 8, 56), (-3, -1.5, 0, 1, 2.5, 4, 5, 6, 7))
_PLACE = Prior((9, 2, 2, 2, 3, 4, 6, 4, 68), (-2, -1.5, -1, -0.5, 0.5, 1.5, 2.5, 3, 3.5))
_CODE = Prior((6, 1, 1, 1, 1, 2, 5, 3, 80), (-3.5, -2, -1, 0, 1, 3, 5, 6, 10))

PRIORS: dict[str, Prior] = {
    "organisation_name": _NAME,
    "person_name": _NAME,
    "given_name": Prior((6, 1, 1, 2, 4, 7, 5, 4, 70), (-3.5, -2.5, -1.5, -0.5, 1, 3, 4.5, 5, 6)),
    "family_name": Prior((5, 1, 1, 2, 3, 5, 5, 3, 75), (-4, -3, -2, -0.5, 1, 3, 5, 6, 7.5)),
    "street": _TEXT,
    "free_text": _TEXT,
    "people": Prior((12, 3, 3, 4, 5, 7, 9, 7, 50), (-4, -2, 0, 1, 2, 3.5, 5, 6, 7)),
    "city": _PLACE,
    "region": Prior((6, 1, 1, 1, 1, 1, 1, 1, 87), (-2.5, -2, -1, 0, 0.5, 1, 1, 1.5, 2)),
    "postcode": Prior((10, 4, 2, 5, 1, 1, 4, 1, 72), (-2.5, 0.5, 1, 1.5, 2, 3, 4, 5, 7)),
    "house_number": Prior((8, 1, 1, 2, 1, 1, 4, 1, 81), (-3, -1, 0, 1, 1, 2, 2.5, 3, 4)),
    "phone": Prior((22, 1, 1, 1, 1, 4, 5, 5, 60), (-1.5, -1, 0, 0, 0, 3, 6, 8, 11)),
    "email": Prior((20, 6, 4, 4, 3, 4, 6, 8, 45), (-1.8, -0.5, 0, 1, 2, 3, 6, 8, 11)),
    "domain": Prior((8, 2, 2, 2, 2, 3, 4, 3, 74), (-2.5, -1.5, -0.5, 0.5, 2, 3, 5, 5.5, 8)),
    "date": Prior((6, 2, 2, 3, 3, 3, 5, 1, 75), (-4, -1.5, -0.5, 0.5, 1.5, 3, 5.5, 6, 9)),
    "identifier": Prior((6, 1, 1, 1, 1, 3, 5, 3, 79), (-4, -3, -2, -1, 1, 4, 6, 7, 13)),
    "tax_id": Prior((5, 1, 1, 1, 1, 3, 4, 3, 81), (-4.5, -3, -2, -1, 1, 4, 6, 7, 13)),
    "category": _two(80, 20, 1.5, -1),
    "country": _two(97, 3, 1, -4),
    "legal_form": _two(85, 15, 1, -1.5),
    "number": Prior((20, 4, 5, 5, 5, 6, 7, 8, 40), (-1, -0.5, 0, 0.3, 0.6, 1, 1.5, 2, 3.5)),
    "codes": Prior((18, 3, 3, 3, 3, 3, 3, 3, 61), (-2.5, 0, 1, 2, 3, 4, 5, 6, 8)),
}  # fmt: skip
DEFAULT_LOG_ODDS = -13.0
"""Prior of a candidate pair before data: one match among some 8,000 pairs of a collection."""

HOUSEHOLD = frozenset({"street", "house_number", "postcode", "phone"})
"""Types that people of one household share."""


def identity_of(types: set[str]) -> frozenset[str]:
    """Of the types at hand those that tell relatives apart; a household shares a telephone, but not a mailbox."""
    own = {"person_name", "given_name", "date"}
    return frozenset(own | {"email", "identifier", "tax_id"} if types & HOUSEHOLD else own)


WEIGHT_RANGE = (-8.0, 18.0)

_CAUTION = {"organisation_name": (-2.5, -3, -2, -1)}


def caution_of(semantic: str) -> F64:
    """Bits to take from levels 1..9 of a type: unlike names tell more than independence makes of them."""
    out = np.zeros(LEVELS - 1)
    bits = _CAUTION.get(semantic, ())
    out[: len(bits)] = bits
    return out
