"""True customers, family by family: single companies, groups, and companies that only look alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from mdm.demo import identifiers
from mdm.demo.names import CompanyName, build_name, company_name, domain_candidates, near_name, sibling_name
from mdm.demo.people import Person, make_person
from mdm.demo.places import Address, PhoneBook, make_address
from mdm.demo.seeds import SeenFilter, even_draw, stream
from mdm.demo.vocabulary import Country, countries, country_draw, entity_serving, firm_words

AS_OF = date(2026, 10, 31)
CONTACT_ROLES = ("Billing", "Decision Maker", "Technical", "Procurement")
DUPLICATE_SHARE = {"salesforce": 0.065, "netsuite": 0.025}
IN_BOTH, CRM_ONLY, ERP_ONLY = 0.64, 0.27, 0.09


@dataclass(frozen=True, slots=True)
class TrueContact:
    """A person at a customer, in one role."""

    role: str
    person: Person
    phone: str


@dataclass(slots=True)
class TrueCustomer:
    """A customer as it really is; `systems` says who knows it, `pick` is its stable place in any list."""

    serial: int
    true_id: str
    country: Country
    name: CompanyName
    trade_name: str
    address: Address
    old_address: Address
    ship_to: Address | None
    phone: str
    domain: str
    tax_id: str
    registration_no: str
    lei: str
    duns: str
    industry: dict[str, str]
    segment: str
    status: str
    legal_entity: str
    currency: str
    terms: str
    credit_limit: int
    po_required: bool
    e_invoice_id: str
    screening: str
    since: date
    pick: float
    systems: tuple[str, ...]
    contacts: list[TrueContact]
    duplicated_in: tuple[str, ...] = ()
    family: str = "single"
    parent_id: str = ""
    parent_kind: str = ""
    group_id: str = ""
    sister_tax_id: str = ""
    extra_entities: tuple[str, ...] = ()

    @property
    def in_crm(self) -> bool:
        return "salesforce" in self.systems

    @property
    def in_erp(self) -> bool:
        return "netsuite" in self.systems


@dataclass(slots=True)
class Allocator:
    """What must not be given twice: domains and phone numbers."""

    domains: SeenFilter
    phones: PhoneBook = field(default_factory=PhoneBook)

    def domain(self, name: CompanyName, country: str, serial: int) -> str:
        """A domain nobody has yet."""
        for label in domain_candidates(name, country):
            if self.domains.add(label):
                return f"{label}.example"
        return f"{domain_candidates(name, country)[0]}{serial}.example"


def _systems(draw: float) -> tuple[str, ...]:
    if draw < IN_BOTH:
        return ("salesforce", "netsuite")
    return ("salesforce",) if draw < IN_BOTH + CRM_ONLY else ("netsuite",)


def _duplicated_in(serial: int, seed: int, systems: tuple[str, ...]) -> tuple[str, ...]:
    """Systems that hold the customer twice; spread evenly, so that small firms have their share too."""
    twice = [system for system in systems if even_draw(serial, seed, system) < DUPLICATE_SHARE[system]]
    return tuple(twice)


def _status(rng: Random, systems: tuple[str, ...]) -> str:
    if systems == ("salesforce",):
        return "Prospect" if rng.random() < 0.9 else "Onboarding"
    draw = rng.random()
    if draw < 0.84:
        return "Active"
    return "On Hold" if draw < 0.89 else "Dormant" if draw < 0.96 else "Closed"


def _e_invoice_id(rng: Random, country: str, tax: str) -> str:
    schemes = {
        "GB": "9932",
        "DE": "9930",
        "FR": "9957",
        "NL": "9944",
        "IT": "0211",
        "SE": "9955",
        "PL": "9945",
    }
    return f"{schemes[country]}:{tax}" if country in schemes and rng.random() < 0.35 else ""


def _contacts(rng: Random, country: Country, city_phone: str) -> list[TrueContact]:
    count = 1 + (rng.random() < 0.45) + (rng.random() < 0.25)
    return [
        TrueContact(role, make_person(rng, country), f"{city_phone[:-2]}{rng.randrange(10, 99)}")
        for role in CONTACT_ROLES[:count]
    ]


def make_customer(
    rng: Random, allocator: Allocator, serial: int, country: Country, name: CompanyName, *, seed: int
) -> TrueCustomer:
    """One company with everything that can be known about it."""
    words, city = firm_words(), rng.choice(country.cities)
    tax, systems = identifiers.tax_id(country.code, serial, seed=seed), _systems(rng.random())
    address, entity = make_address(rng, country, city), entity_serving(country.code)
    phone = allocator.phones.next_number(city)
    return TrueCustomer(
        serial=serial,
        true_id=f"C{serial:07d}",
        country=country,
        name=name,
        trade_name=name.brand if rng.random() < 0.3 else "",
        address=address,
        old_address=make_address(rng, country, rng.choice(country.cities)),
        ship_to=make_address(rng, country, city) if rng.random() < 0.15 else None,
        phone=phone,
        domain=allocator.domain(name, country.code, serial),
        tax_id=tax,
        registration_no=identifiers.registration_no(country.code, serial, tax, seed=seed),
        lei=identifiers.lei(serial, seed=seed) if rng.random() < 0.25 else "",
        duns=identifiers.duns(serial, seed=seed),
        industry=rng.choice(words.industries),
        segment=rng.choice(words.segments),
        status=_status(rng, systems),
        legal_entity=entity.code,
        currency=country.currency,
        terms=rng.choice(words.payment_terms),
        credit_limit=rng.choice((10, 25, 50, 100, 250, 500)) * 1000,
        po_required=rng.random() < 0.3,
        e_invoice_id=_e_invoice_id(rng, country.code, tax),
        screening="Cleared" if rng.random() < 0.95 else rng.choice(("Pending", "Flagged")),
        since=AS_OF - timedelta(days=int(60 + rng.random() * 3000)),
        pick=rng.random(),
        systems=systems,
        contacts=_contacts(rng, country, phone),
        duplicated_in=_duplicated_in(serial, seed, systems),
    )


def _group(
    rng: Random, allocator: Allocator, first: TrueCustomer, count: int, seed: int
) -> list[TrueCustomer]:
    """A parent and its subsidiaries: a shared brand, often a shared domain and switchboard."""
    members, one_domain, one_phone = [first], rng.random() < 0.7, rng.random() < 0.4
    first.name = build_name(
        first.country, f"{first.name.brand}", rng.choice(("Group", "Holding")), first.name.form
    )
    first.group_id, first.systems = f"G{first.serial:07d}", ("salesforce", "netsuite")
    if first.status in ("Prospect", "Onboarding"):
        first.status = "Active"
    for offset in range(1, count):
        country = first.country if rng.random() < 0.6 else rng.choice(country_draw())
        name = sibling_name(rng, country, first.name.brand)
        if any(name.legal == other.name.legal for other in members):
            name = build_name(country, f"{name.brand} {rng.choice(country.nouns)}", name.sector, name.form)
        member = make_customer(rng, allocator, first.serial + offset, country, name, seed=seed)
        member.parent_id, member.group_id = first.true_id, first.group_id
        member.parent_kind = "legal" if rng.random() < 0.8 else "billing"
        if one_domain:
            member.domain = first.domain
        if one_phone and country is first.country:
            member.phone = first.phone
        if country is first.country and rng.random() < 0.3:
            member.address = first.address
        member.sister_tax_id = first.tax_id if country is first.country else ""
        members.append(member)
    return members


def _lookalikes(
    rng: Random, allocator: Allocator, first: TrueCustomer, kind: str, seed: int
) -> list[TrueCustomer]:
    """A second company that has nothing to do with the first but shares a name or an office."""
    country = first.country
    if kind == "near_name":
        name = near_name(rng, country, first.name)
    elif kind == "same_name":
        country = rng.choice([other for other in countries().values() if other is not first.country])
        name = build_name(country, first.name.brand, rng.choice(country.sectors), rng.choice(country.forms))
    else:
        name = company_name(rng, country)
    second = make_customer(rng, allocator, first.serial + 1, country, name, seed=seed)
    if kind == "shared_office":
        second.address = replace(first.address, line2=second.address.line2)
        second.phone = first.phone
    return [first, second]


def iter_families(
    size: int, seed: int, *, first: int = 1, allocator: Allocator | None = None
) -> Iterator[list[TrueCustomer]]:
    """All customers of a firm in families of one to six; `size` customers, serials from `first`."""
    allocator = allocator or Allocator(SeenFilter(size))
    serial, last = first, first + size - 1
    while serial <= last:
        rng = stream(seed, "customer", serial)
        country = rng.choice(country_draw())
        head = make_customer(rng, allocator, serial, country, company_name(rng, country), seed=seed)
        draw, room = rng.random(), last - serial + 1
        members, kind = [head], "single"
        if draw < 0.035 and room > 1:
            members, kind = _group(rng, allocator, head, min(rng.randrange(2, 7), room), seed), "group"
        elif draw < 0.10 and room > 1:
            kind = "near_name" if draw < 0.065 else "same_name" if draw < 0.08 else "shared_office"
            members = _lookalikes(rng, allocator, head, kind, seed)
        for member in members:
            member.family = kind
            if member.in_erp and member.pick < 0.06:
                others = [
                    entity.code
                    for entity in firm_words().legal_entities
                    if entity.code != member.legal_entity
                ]
                member.extra_entities = (rng.choice(others),)
        yield members
        serial += len(members)
