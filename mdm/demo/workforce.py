"""The firm's own people: employees, contractors, placeholders, with rates, skills and employment dates."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import pow as pow_float
from random import Random

from mdm.demo.customers import AS_OF
from mdm.demo.people import Person, mailbox, make_person
from mdm.demo.places import PhoneBook
from mdm.demo.seeds import stream
from mdm.demo.vocabulary import LegalEntity, countries, firm_words

REGION = {"UK01": 0, "US01": 1, "DE01": 2, "FR01": 3, "NL01": 4, "ES01": 5, "SE01": 6, "PL01": 7}
FX = {"GBP": 1.0, "USD": 0.79, "EUR": 0.86, "SEK": 0.076, "PLN": 0.2}


@dataclass(slots=True)
class TrueWorker:
    """A resource as it really is; `worker_id` is the HRIS number, rates are in cents per hour."""

    serial: int
    true_id: str
    worker_id: str
    previous_id: str
    kind: str
    person: Person
    former_family: str
    email: str
    phone: str
    entity: LegalEntity
    service_line: str
    city: str
    manager: int
    hired: date
    first_hired: date
    left: date | None
    status: str
    level: int
    fte: float
    cost_rate: int
    bill_rate: int
    skills: list[str]
    utilization: int
    in_hris: bool
    in_psa: bool

    @property
    def cost_centre(self) -> str:
        return f"{self.entity.code}-{self.service_line}"

    @property
    def weekly_hours(self) -> float:
        return self.fte * (35.0 if self.entity.country == "FR" else 40.0)

    @property
    def calendar(self) -> str:
        return f"{self.entity.country} {'35' if self.entity.country == 'FR' else '40'}h"

    @property
    def role(self) -> str:
        return firm_words().roles[self.level]

    @property
    def region(self) -> str:
        return firm_words().regions[REGION[self.entity.code]]


@dataclass(frozen=True, slots=True)
class Staff:
    """Who can sell, lead and work: partners and managers stand in HRIS and PSA, the bookable in the PSA."""

    partners: list[TrueWorker]
    managers: list[TrueWorker]
    bookable: list[TrueWorker]


def staff_of(workers: list[TrueWorker]) -> Staff:
    """The roles people of a workforce can take."""
    known = [worker for worker in workers if worker.in_hris and worker.in_psa and worker.status == "Active"]
    bookable = [worker for worker in workers if worker.in_psa and worker.kind != "Generic"]
    return Staff(workers[:6], known, bookable)


def workforce_size(customers: int) -> int:
    """How many people a firm with so many customers employs."""
    return max(24, round(4.2 * pow_float(customers, 0.58)))


def _level(rng: Random, serial: int) -> int:
    if serial <= 6:
        return 5
    draw = rng.random()
    return (
        0
        if draw < 0.3
        else 1
        if draw < 0.6
        else 2
        if draw < 0.8
        else 3
        if draw < 0.9
        else 4
        if draw < 0.96
        else 5
    )


def _employment(rng: Random, serial: int) -> tuple[date, date | None, str]:
    hired = AS_OF - timedelta(days=int(30 + rng.random() ** 2 * 4200))
    draw = rng.random()
    if serial <= 6 or draw < 0.88:
        return hired, None, "Active"
    if draw < 0.91:
        return hired, None, "On Leave"
    if draw < 0.93:
        return hired, AS_OF + timedelta(days=rng.randrange(10, 90)), "Notice"
    if draw < 0.94:
        return AS_OF + timedelta(days=rng.randrange(5, 40)), None, "Pre-Hire"
    left = max(hired + timedelta(days=20), AS_OF - timedelta(days=rng.randrange(10, 600)))
    return hired, left, "Terminated"


def _kind(rng: Random, serial: int, last: int) -> tuple[str, bool, bool]:
    """(kind, in the HRIS, in the PSA)"""
    if serial > last - 3:
        return "Generic", False, True
    draw = rng.random()
    if serial <= 6 or draw < 0.72:
        return "Employee", True, True
    if draw < 0.84:
        return "Employee", True, False
    return "Contractor", draw < 0.95, True


def make_worker(rng: Random, serial: int, last: int, phones: PhoneBook, seed: int) -> TrueWorker:
    """One person; the last three serials are placeholders for roles still to be filled."""
    words = firm_words()
    entity = words.legal_entities[serial % 8] if serial <= 8 else rng.choice(words.legal_entities)
    country = countries()[entity.country]
    kind, in_hris, in_psa = _kind(rng, serial, last)
    person, level, city = make_person(rng, country), _level(rng, serial), rng.choice(country.cities)
    if kind == "Generic":
        person = Person("Generic", "Generic", f"{words.roles[level]} {entity.country}")
    hired, left, status = _employment(rng, serial) if kind != "Generic" else (AS_OF, None, "Active")
    rehired = status == "Active" and serial > 6 and rng.random() < 0.03 and kind == "Employee"
    bill = round(words.role_bill_rates[level] / FX[entity.currency] * rng.choice((0.9, 1, 1.1))) * 100
    domain = "northbeam.example" if kind != "Contractor" else "contractors.northbeam.example"
    mail = (
        mailbox(person, domain).replace("@", f"{serial}@") if rng.random() < 0.08 else mailbox(person, domain)
    )
    return TrueWorker(
        serial=serial,
        true_id=f"R{serial:06d}",
        worker_id=f"{100_000 + serial}",
        previous_id=f"{60_000 + serial}" if rehired else "",
        kind=kind,
        person=person,
        former_family=rng.choice(country.surnames) if rng.random() < 0.04 and kind != "Generic" else "",
        email=mail,
        phone=phones.next_number(city),
        entity=entity,
        service_line=rng.choice(words.service_lines)["code"],
        city=city.name,
        manager=0
        if serial == 1
        else rng.randrange(1, min(serial, 7))
        if serial <= 40
        else rng.randrange(1, serial // 4),
        hired=hired,
        first_hired=hired - timedelta(days=900) if rehired else hired,
        left=left,
        status=status,
        level=level,
        fte=1.0 if rng.random() < 0.85 else 0.8,
        cost_rate=round(bill * 0.45),
        bill_rate=bill,
        skills=rng.sample(words.skills, rng.randrange(1, 5)),
        utilization=(85, 80, 75, 65, 50, 35)[level],
        in_hris=in_hris,
        in_psa=in_psa,
    )


def make_workforce(customers: int, seed: int) -> list[TrueWorker]:
    """Everybody who works for the firm; about one in fifty shares a full name with a colleague."""
    count, phones = workforce_size(customers), PhoneBook()
    workers: list[TrueWorker] = []
    for serial in range(1, count + 1):
        rng = stream(seed, "worker", serial)
        worker = make_worker(rng, serial, count, phones, seed)
        if serial > 20 and worker.kind != "Generic" and rng.random() < 0.02:
            worker.person = rng.choice(workers[6:]).person
            worker.email = mailbox(worker.person, worker.email.split("@")[1]).replace("@", f"{serial}@")
        workers.append(worker)
    _separate_mailboxes(workers)
    return workers


def _separate_mailboxes(workers: list[TrueWorker]) -> None:
    seen: set[str] = set()
    for worker in workers:
        if worker.email in seen:
            worker.email = worker.email.replace("@", f"{worker.serial}@", 1)
        seen.add(worker.email)
