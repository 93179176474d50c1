"""How systems write one customer differently: names, addresses, tax ids, phones, web sites."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from mdm.demo.customers import TrueCustomer
from mdm.demo.identifiers import break_check_digit
from mdm.demo.names import to_ascii
from mdm.demo.people import typo
from mdm.demo.places import Address, e164, national
from mdm.demo.vocabulary import firm_words

Shares = tuple[tuple[float, str], ...]

# How often each system writes a name in which way; the shares of a system add up to 1.
NAME_STYLES: dict[str, Shares] = {
    "salesforce": (
        (0.40, "as_registered"), (0.18, "form_short"), (0.20, "form_dropped"), (0.06, "trade_name"),
        (0.05, "typo"),
        (0.05, "abbreviated"), (0.02, "suffix"), (0.02, "word_order"), (0.02, "ascii"),
    ),
    "netsuite": (
        (0.30, "as_registered"), (0.25, "upper"), (0.20, "upper_ascii"), (0.10, "form_short"),
        (0.05, "form_dropped"),
        (0.03, "typo"), (0.05, "abbreviated"), (0.02, "form_long"),
    ),
    "certinia": (
        (0.35, "as_registered"), (0.35, "form_dropped"), (0.10, "form_short"), (0.08, "trade_name"),
        (0.08, "abbreviated"),
        (0.04, "typo"),
    ),
    "duplicate": (
        (0.25, "form_dropped"), (0.20, "form_short"), (0.15, "typo"), (0.12, "suffix"), (0.10, "abbreviated"),
        (0.08, "trade_name"), (0.05, "ascii"), (0.05, "word_order"),
    ),
}  # fmt: skip
ADDRESS_STYLES: Shares = (
    (0.58, "as_registered"), (0.20, "abbreviated"), (0.07, "old_address"), (0.05, "city_alias"),
    (0.04, "no_postcode"), (0.03, "typo"), (0.03, "no_street"),
)  # fmt: skip
SUFFIXES = (" (NEW)", " - do not use", " *", " (duplicate?)", " 2")
# system -> share of customers with a tax id, a phone and a web site
FILLED = {"salesforce": (0.55, 0.85, 0.80), "netsuite": (0.93, 0.60, 0.30), "certinia": (0.0, 0.40, 0.55)}


@dataclass(slots=True)
class CustomerView:
    """A customer as one system writes it; `differences` lists (attribute, kind, true value, value)."""

    name: str
    tax_id: str
    phone: str
    website: str
    email: str
    address: Address
    differences: list[tuple[str, str, str, str]] = field(default_factory=list)


def draw_style(rng: Random, shares: Shares) -> str:
    """One style by its share."""
    draw = rng.random()
    for share, style in shares:
        draw -= share
        if draw < 0:
            return style
    return shares[-1][1]


def _form(customer: TrueCustomer, spelling: str) -> str:
    return f"{customer.name.stem} {spelling}"


def _short(rng: Random, customer: TrueCustomer) -> str:
    return _form(customer, rng.choice(customer.name.form[1:]))


def _suffix(rng: Random, customer: TrueCustomer) -> str:
    return customer.name.legal + rng.choice(SUFFIXES)


def _abbreviated(rng: Random, customer: TrueCustomer) -> str:
    short = customer.country.abbreviations
    words = [short.get(word, word) for word in customer.name.stem.replace(" & ", " + ").split()]
    return " ".join(words)


def _word_order(rng: Random, customer: TrueCustomer) -> str:
    first, *rest = customer.name.stem.split(" ")
    return f"{' '.join(rest)}, {first}" if rest else first


def _upper_ascii(rng: Random, customer: TrueCustomer) -> str:
    name = to_ascii(_short(rng, customer), german=customer.country.code in ("DE", "AT"))
    return name.upper()


WRITE_NAME: dict[str, Callable[[Random, TrueCustomer], str]] = {
    "as_registered": lambda rng, customer: customer.name.legal,
    "form_short": _short,
    "form_long": lambda rng, customer: _form(customer, customer.name.form[-1]),
    "form_dropped": lambda rng, customer: customer.name.stem,
    "trade_name": lambda rng, customer: customer.trade_name or customer.name.stem,
    "typo": lambda rng, customer: typo(rng, customer.name.legal),
    "abbreviated": _abbreviated,
    "suffix": _suffix,
    "word_order": _word_order,
    "ascii": lambda rng, customer: to_ascii(
        customer.name.legal, german=customer.country.code in ("DE", "AT")
    ),
    "upper": lambda rng, customer: customer.name.legal.upper(),
    "upper_ascii": _upper_ascii,
}


def _write_address(rng: Random, customer: TrueCustomer, style: str) -> Address:
    address = customer.address
    if style == "abbreviated":
        return replace(address, line1=address.short)
    if style == "old_address":
        return customer.old_address
    if style == "city_alias":
        return replace(address, city=address.alias)
    if style == "no_postcode":
        return replace(address, postcode="")
    if style == "typo":
        return replace(address, line1=typo(rng, address.line1))
    return replace(address, line1="", line2="") if style == "no_street" else address


def _write_tax_id(rng: Random, customer: TrueCustomer, view: CustomerView, share: float) -> str:
    if rng.random() >= share:
        return ""
    tax, draw = customer.tax_id, rng.random()
    if customer.sister_tax_id and draw < 0.12:
        view.differences.append(("tax_ids", "tax_id_of_sister", tax, customer.sister_tax_id))
        return customer.sister_tax_id
    if draw > 0.994 and customer.country.code not in ("US", "NL"):
        broken = break_check_digit(tax)
        view.differences.append(("tax_ids", "bad_check_digit", tax, broken))
        return broken
    if 0.60 < draw < 0.75 and customer.country.code != "US":
        return f"{tax[:2]} {tax[2:5]} {tax[5:8]} {tax[8:]}"
    return tax[2:] if 0.75 < draw < 0.82 and customer.country.code != "US" else tax


def _write_phone(rng: Random, customer: TrueCustomer, view: CustomerView, share: float) -> str:
    if rng.random() >= share:
        return ""
    phone, draw = customer.phone, rng.random()
    if draw < 0.06 and customer.contacts:
        view.differences.append(("phone", "direct_line", e164(phone), e164(customer.contacts[0].phone)))
        return customer.contacts[0].phone
    if draw < 0.4:
        return e164(phone)
    if draw < 0.7:
        return phone
    if draw < 0.8 and customer.country.trunk:
        return phone.replace(f"+{customer.country.dial} ", f"+{customer.country.dial} (0)", 1)
    return national(phone, customer.country)


def _write_email(rng: Random, customer: TrueCustomer, view: CustomerView, share: float) -> str:
    draw = rng.random()
    if draw >= share:
        return ""
    if draw < share * 0.06:
        host = rng.choice(firm_words().free_mail)
        mail = f"{customer.domain.removesuffix('.example')[:24]}.{customer.serial % 97}@{host}"
        view.differences.append(("email", "free_mail", customer.domain, mail))
        return mail
    return f"{rng.choice(('accounts', 'info', 'finance', 'ap', 'office'))}@{customer.domain}"


def customer_view(
    rng: Random, customer: TrueCustomer, system: str, *, duplicate: bool = False
) -> CustomerView:
    """The customer as `system` (salesforce, netsuite, certinia) writes it; a duplicate is written worse."""
    taxes, phones, sites = FILLED[system]
    style = draw_style(rng, NAME_STYLES["duplicate" if duplicate else system])
    if style == "trade_name" and not customer.trade_name:
        style = "form_dropped"
    name, legal = WRITE_NAME[style](rng, customer), customer.name.legal
    place = draw_style(rng, ADDRESS_STYLES)
    view = CustomerView(name, "", "", "", "", _write_address(rng, customer, place))
    if name != legal:
        view.differences.append(("legal_name", style, legal, name))
    if place != "as_registered" and view.address != customer.address:
        written = view.address
        true, seen = (f"{each.line1}, {each.postcode} {each.city}" for each in (customer.address, written))
        view.differences.append(("addresses", place, true, seen))
    view.tax_id = _write_tax_id(rng, customer, view, taxes * (0.5 if duplicate else 1))
    view.phone = _write_phone(rng, customer, view, phones)
    if rng.random() < sites:
        shape = rng.choice(("https://www.{}", "www.{}", "{}", "http://{}/", "https://{}/home"))
        view.website = shape.format(customer.domain)
    view.email = _write_email(rng, customer, view, 0.85 if system == "netsuite" else 0.3)
    return view
