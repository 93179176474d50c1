"""ISO 4217 currencies by code, name and symbol."""

from functools import lru_cache

from apps.quality.reference.countries import plain
from apps.quality.reference.words import words

SYMBOLS = {

    "£": "GBP", "€": "EUR", "₹": "INR", "₽": "RUB", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₫": "VND",
    "₴": "UAH", "₦": "NGN", "฿": "THB", "₱": "PHP", "₡": "CRC", "₲": "PYG", "zł": "PLN", "Kč": "CZK",
    "Ft": "HUF", "CHF": "CHF", "US$": "USD", "USD$": "USD", "$US": "USD", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "CAD$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL",
    "NT$": "TWD", "MX$": "MXN", "RM": "MYR", "Fr.": "CHF", "SFr.": "CHF", "CN¥": "CNY", "RMB": "CNY",
    "STG": "GBP", "UKP": "GBP", "NTD": "TWD",
}  # fmt: skip
HISTORIC = words(
    """
    ATS BEF CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE SIT SKK XEU ROL TRL RUR
    ZWD VEB
    """
)
NAMES = {

    "pound": "GBP", "pounds": "GBP", "sterling": "GBP", "poundsterling": "GBP", "britishpound": "GBP",
    "britishpounds": "GBP", "gbpound": "GBP", "euros": "EUR", "dollar": "USD", "dollars": "USD",
    "usdollars": "USD", "unitedstatesdollar": "USD", "swissfrancs": "CHF", "yen": "JPY",
    "japaneseyen": "JPY", "renminbi": "CNY", "yuan": "CNY", "chineseyuan": "CNY", "rupee": "INR",
    "rupees": "INR", "rand": "ZAR", "danishkroner": "DKK", "norwegiankroner": "NOK",
    "swedishkronor": "SEK", "canadiandollars": "CAD", "australiandollars": "AUD", "polishzloty": "PLN",
    "singaporedollars": "SGD", "hongkongdollars": "HKD", "britishpoundsterling": "GBP", "uae": "AED",
    "dirham": "AED",
}  # fmt: skip
# Symbols of several currencies: by country, and what they mean where no country is known.
SHARED_SYMBOLS = {

    "$": ({"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD", "MX": "MXN",
    "CL": "CLP", "AR": "ARS", "CO": "COP", "PR": "USD", "EC": "USD"}, "USD"), "¥": ({"JP": "JPY",
    "CN": "CNY"}, "JPY"), "kr": ({"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"}, None),
    "kr.": ({"DK": "DKK", "SE": "SEK", "NO": "NOK", "IS": "ISK"}, None), "R": ({"ZA": "ZAR"}, None),
    "Rs": ({"IN": "INR", "PK": "PKR", "LK": "LKR", "NP": "NPR", "MU": "MUR"}, None), "Rs.": ({"IN": "INR",
    "PK": "PKR", "LK": "LKR", "NP": "NPR", "MU": "MUR"}, None),
}  # fmt: skip


@lru_cache(maxsize=1)
def _active() -> dict[str, str]:
    """Return codes and plain names to codes; money in use only, without funds and metals."""
    import pycountry  # loaded on first use to keep start-up short

    found = {}
    for currency in pycountry.currencies:
        if currency.alpha_3.startswith("X") and currency.alpha_3 not in ("XAF", "XCD", "XOF", "XPF"):
            continue
        found[currency.alpha_3] = currency.alpha_3
        found.setdefault(plain(currency.name), currency.alpha_3)
    return found


def currency_code(text: str) -> str | None:
    """Return the ISO 4217 code of a code, name or unmistakable symbol, None when unknown."""
    active = _active()
    upper = text.upper()
    if upper in active:
        return upper
    return SYMBOLS.get(text) or SYMBOLS.get(upper) or NAMES.get(plain(text)) or active.get(plain(text))


def is_historic(text: str) -> bool:
    """Tell whether a code was a currency once ("DEM")."""
    return text.upper() in HISTORIC
