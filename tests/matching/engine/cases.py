"""Small collections of records with known duplicates, made up by rules, for the tests of the engine."""

import random

import numpy as np

from apps.matching import engine

TYPES = {
    "name": "organisation_name",
    "street": "street",
    "city": "city",
    "postcode": "postcode",
    "country": "country",
    "tax_id": "tax_id",
    "domain": "domain",
    "phone": "phone",
}
_FIRST = [
    "Alder",
    "Birch",
    "Cedar",
    "Dover",
    "Elm",
    "Fern",
    "Grove",
    "Hazel",
    "Iris",
    "Juniper",
    "Kestrel",
    "Larch",
]
_FIRST += ["Maple", "Nettle", "Oak", "Pine", "Quince"]
_SECOND = ["Foods", "Motors", "Textiles", "Chemicals", "Plastics", "Media", "Energy", "Logistics", "Brewery"]
_SECOND += ["Aviation", "Shipping", "Optics"]
_CITY = [("Leeds", "LS"), ("Bristol", "BS"), ("Cardiff", "CF"), ("Derby", "DE"), ("York", "YO")]


def company(rng: random.Random, number: int) -> dict[str, str | None]:
    """One invented company."""
    name = f"{_FIRST[number % 17]} {_SECOND[number // 17 % 12]}"
    city, code = rng.choice(_CITY)
    return {
        "name": f"{name} Ltd",
        "street": f"{rng.randint(1, 200)} {rng.choice(['Mill Lane', 'High Street', 'King Road'])}",
        "city": city,
        "postcode": f"{code}{rng.randint(1, 29)} {rng.randint(1, 9)}AB",
        "country": "GB",
        "tax_id": f"GB{rng.randint(10**8, 10**9 - 1)}",
        "domain": name.replace(" ", "").lower() + ".co.uk",
        "phone": f"+44 113 {rng.randint(100000, 999999)}",
    }


def again(rng: random.Random, record: dict[str, str | None]) -> dict[str, str | None]:
    """The same company as another system writes it."""
    copy = dict(record)
    copy["name"] = str(record["name"]).replace("Ltd", rng.choice(["Limited", "LTD", ""])).upper()
    copy["street"] = str(record["street"]).replace("Street", "St").replace("Road", "Rd")
    for column in rng.sample(["street", "postcode", "tax_id", "domain", "phone"], 2):
        copy[column] = None
    return copy


def companies(count: int, seed: int = 1) -> tuple[engine.Table, np.ndarray]:
    """`count` companies, every second one written twice; and the true labels."""
    rng = random.Random(seed)
    rows: list[dict[str, str | None]] = []
    labels: list[int] = []
    for number in range(count):
        record = company(rng, number)
        rows.append(record)
        labels.append(number)
        if number % 2:
            rows.append(again(rng, record))
            labels.append(number)
    ids = [f"r{k:05d}" for k in range(len(rows))]
    return engine.Table(ids, {c: [r[c] for r in rows] for c in TYPES}), np.array(labels)


def reordered(table: engine.Table, order: np.ndarray) -> engine.Table:
    """The same records in another order."""
    return engine.Table(
        [table.ids[k] for k in order], {c: [cells[k] for k in order] for c, cells in table.columns.items()}
    )
