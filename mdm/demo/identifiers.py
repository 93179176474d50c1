"""Company identifiers with correct check digits, distinct per serial: VAT, EIN, registers, LEI, DUNS."""

from collections.abc import Callable
from functools import cache

from mdm.demo.seeds import spread

BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECK32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
EIN_PREFIXES = (
    10,
    11,
    12,
    20,
    26,
    27,
    30,
    32,
    36,
    41,
    45,
    46,
    47,
    52,
    56,
    58,
    61,
    75,
    81,
    82,
    83,
    84,
    85,
    87,
)


def luhn_digit(digits: str) -> int:
    """The digit that makes digits + digit pass the Luhn check."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char)
        if place % 2 == 0:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return -total % 10


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(char) * weight for char, weight in zip(digits, weights, strict=True))


def _gb(number: int) -> str:
    digits = str(number)
    return f"GB{digits}{97 - _weighted(digits, (8, 7, 6, 5, 4, 3, 2)) % 97:02d}"


def _us(number: int) -> str:
    prefix = EIN_PREFIXES[number % len(EIN_PREFIXES)]
    return f"{prefix}-{number:07d}"


def _de(number: int) -> str:
    digits, check = str(number), 5
    for char in digits:
        check = (((check or 10) * 2) % 11 + int(char)) % 10
    return f"DE{digits}{(1 - ((check or 10) * 2) % 11) % 10}"


def _at(number: int) -> str:
    digits = str(number)
    return f"ATU{digits}{(6 - int(digits[-1]) + luhn_digit(digits[:-1])) % 10}"


def _siren(number: int) -> str:
    return f"{number}{luhn_digit(str(number))}"


def _fr(number: int) -> str:
    siren = _siren(number)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _nl(number: int) -> str:
    digits = str(number * 2)
    check = _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    if check == 10:  # an odd last digit adds 2, which leaves the forbidden remainder
        digits, check = str(number * 2 + 1), 1
    return f"NL{digits}{check}B01"


def _es(number: int) -> str:
    digits = f"{number:07d}"
    return f"ESB{digits}{luhn_digit(digits)}"


def _it(number: int) -> str:
    digits = f"{number // 100:07d}{1 + number % 100:03d}"
    return f"IT{digits}{luhn_digit(digits)}"


def _org_number(number: int) -> str:
    digits = f"55{number}"
    return f"{digits}{luhn_digit(digits)}"


def _se(number: int) -> str:
    return f"SE{_org_number(number)}01"


def _pl(number: int) -> str:
    digits = str(number * 2)
    check = _weighted(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11
    if check == 10:  # an odd last digit adds 7, which leaves the forbidden remainder
        digits, check = str(number * 2 + 1), 6
    return f"PL{digits}{check}"


# country -> (lowest base number, how many, base number -> tax id)
TAX_ID: dict[str, tuple[int, int, Callable[[int], str]]] = {
    "GB": (1_000_000, 8_999_993, _gb),
    "US": (0, 9_999_991, _us),
    "DE": (10_000_000, 89_999_999, _de),
    "AT": (1_000_000, 8_999_993, _at),
    "FR": (30_000_000, 59_999_999, _fr),
    "NL": (5_000_000, 44_999_981, _nl),
    "ES": (100_000, 9_799_993, _es),
    "IT": (100_000_000, 799_999_999, _it),
    "SE": (6_000_000, 3_999_971, _se),
    "PL": (55_500_000, 444_499_999, _pl),
}
TAX_SCHEME = {code: "ein" if code == "US" else "vat" for code in TAX_ID}


def tax_id(country: str, serial: int, *, seed: int) -> str:
    """The VAT number (EIN in the US) of a serial, valid by check digit and distinct per country."""
    low, span, build = TAX_ID[country]
    return build(spread(serial, low, span, seed=seed))


def registration_no(country: str, serial: int, tax: str, *, seed: int) -> str:
    """The number in the country's company register, in that register's own form."""
    if country == "FR":
        return tax[4:]
    if country == "SE":
        return f"{tax[2:8]}-{tax[8:12]}"
    number = spread(serial, 1_000_000, 8_999_993, seed=seed + 1)
    shapes = {
        "GB": f"{number:08d}",
        "US": f"DE-{number}",
        "DE": f"HRB {number % 900_000 + 1000}",
        "AT": f"FN {number % 900_000 + 1000}{'abdfghikmpstvwxyz'[number % 17]}",
        "NL": str(number + 10_000_000),
        "ES": f"M-{number % 900_000}",
        "IT": f"MI-{number}",
        "PL": f"{number:010d}",
    }
    return shapes[country]


def lei(serial: int, *, seed: int) -> str:
    """A legal entity identifier: 18 characters and two ISO 7064 mod 97-10 check digits."""
    number, tail = spread(serial, 0, 36**7 - 1, seed=seed), ""
    for _ in range(12):
        number, rest = divmod(number, 36)
        tail = BASE36[rest] + tail
    body = f"984500{tail}"
    value = int("".join(str(BASE36.index(char)) for char in f"{body}00"))
    return f"{body}{98 - value % 97:02d}"


def duns(serial: int, *, seed: int) -> str:
    """A nine-digit DUNS number, distinct per serial."""
    return str(spread(serial, 100_000_000, 899_999_963, seed=seed))


def _upper_bits(text: str) -> int:
    return sum(1 << place for place, char in enumerate(text) if char.isupper())


# Two base-62 digits and the bits of their capitals, so that an id takes three look-ups.
PAIRS = [(first + second, _upper_bits(first + second)) for first in BASE62 for second in BASE62]


@cache
def _head(prefix: str, org: str) -> tuple[str, str]:
    """The first ten characters of an id and the checksum of both their fives."""
    return f"{prefix}{org}00000", CHECK32[_upper_bits(prefix + org)] + "A"


def salesforce_id(prefix: str, serial: int, *, org: str = "Qx") -> str:
    """An 18-character Salesforce id: 15 characters and the case checksum of each five.

    `prefix` are the three characters of the object, `org` the two of the instance.
    """
    head, checks = _head(prefix, org)
    number, last = divmod(spread(serial, 0, 62**5 - 1), 62)
    high, low = divmod(number, 3844)
    (first, first_bits), (second, second_bits) = PAIRS[high], PAIRS[low]
    bits = first_bits | second_bits << 2 | (last < 26) << 4
    return f"{head}{first}{second}{BASE62[last]}{checks}{CHECK32[bits]}"


def break_check_digit(tax: str) -> str:
    """The same tax id with a wrong check digit; a letter code behind the number stays."""
    place = len(tax) - (4 if tax.endswith("B01") else 3 if tax.startswith("SE") else 1)
    return f"{tax[:place]}{(int(tax[place]) + 1) % 10}{tax[place + 1 :]}"
