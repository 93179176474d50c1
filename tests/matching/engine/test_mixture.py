"""What training learns of groups of attributes: whoever moves changes street, city and postcode at once."""

import numpy as np

from apps.matching import engine
from apps.matching.engine.mixture import ECHO, _once_a_group
from apps.matching.engine.scoring import used_by

from .cases import TYPES

HALVES = ("wick", "ton", "ley", "by", "ham", "ford", "stead", "worth", "bury", "combe")
STREETS = ["Mill Lane", "Park Road", "High Street", "Station Road", "Canal Street"]
CONFIG = engine.default_config(TYPES, "organisation")


def test_a_pass_teaches_nothing_of_the_fact_it_looks_at():
    number = CONFIG.passes.index(("postcode", "street.number"))
    unseen = {a.name for a in CONFIG.compared if not used_by(a, CONFIG, number)}
    assert unseen == {"name", "name.form", "country", "tax_id", "domain", "phone"}


def test_a_group_says_its_strongest_once_each_way():
    ratios = np.array([[-6.0, -5.0, -4.0, 3.0], [2.0, 5.0, -1.0, 3.0]])
    found = _once_a_group(ratios, [[0, 1, 2]])
    assert found.tolist() == [-6.0 - 5.0 * ECHO - 4.0 + 3.0, 2.0 * ECHO + 5.0 - 1.0 + 3.0]


def test_siblings_at_one_address_are_not_one():
    """Thirty groups of four companies in one house and one trade; each company is written three times."""
    kinds = ["Foods", "Motors", "Textiles", "Plastics"]
    cities = ["Leeds", "Bristol", "Cardiff", "Derby", "York", "Exeter"]
    trades = ["wholesale", "engineering", "retail"]
    starts, ends = ("Alder", "Birch", "Cedar", "Dover", "Elm", "Fern"), ("wick", "ton", "ley", "by", "ham")
    rows = [
        (f"{first} {kind}", f"{7 * k + 3} {STREETS[k % 5]}", cities[k % 6], f"AB{k} {k % 9}XY",
         trades[k % 3], f"{first}{kind if n else 'group'}.co.uk".lower())
        for k, first in enumerate([f"{a}{b}" for a in starts for b in ends])
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    every = [(f"{name} Ltd", *rest) for name, *rest in rows]
    every += [(f"{name} Limited", *rest) for name, *rest in rows]
    every += [(name.upper(), *rest[:3], rest[3], None) for name, *rest in rows]
    columns = ["name", "street", "city", "postcode", "trade", "domain"]
    table = engine.Table(range(len(every)), {c: [row[k] for row in every] for k, c in enumerate(columns)})
    types = {c: TYPES.get(c, "category") for c in columns}
    found = engine.match_table(table, engine.default_config(types, "organisation"))
    truth = np.arange(len(every)) % len(rows)
    assert np.array_equal(found.labels[:, None] == found.labels, truth[:, None] == truth)


def test_two_of_one_household_are_not_one():
    """Sixty families of three in one house with one telephone; everybody is written twice, once with a slip."""
    given = ["Alice", "Bernard", "Clara", "Dominic", "Edith", "Frank", "Greta", "Hugo", "Irene", "Jasper"]
    family = [f"{a}{b}" for a in ("Alder", "Birch", "Cedar", "Dover", "Elm", "Fern") for b in HALVES]
    rows = [
        (
            given[(k + 3 * n) % 10],
            name,
            f"{7 * k + 3} {STREETS[k % 5]}",
            f"AB{k} {k % 9}XY",
            f"0113 {496_000 + 7 * k}",
        )
        for k, name in enumerate(family)
        for n in range(3)
    ]
    every = rows + [(first, last[:-2] + last[-1] + last[-2], *rest) for first, last, *rest in rows]
    columns = {"given": "given_name", "family": "family_name", "street": "street", "postcode": "postcode"}
    columns["phone"] = "phone"
    table = engine.Table(range(len(every)), {c: [row[k] for row in every] for k, c in enumerate(columns)})
    config = engine.default_config(columns, "person")
    found = engine.match_table(table, config)
    truth = np.arange(len(every)) % len(rows)
    assert np.array_equal(found.labels[:, None] == found.labels, truth[:, None] == truth)
    assert found.model.kin is not None
    again = engine.Model.from_json(found.model.to_json())
    assert (again.kin, again.version) == (found.model.kin, found.model.version)
    why = engine.explain(found.prepared, found.prepared, found.model, config, left_row=0, right_row=1)
    added = why.prior + sum(each.contribution for each in why.evidence) + why.correction
    assert abs(added - why.total) < 1e-3
    assert why.correction < -10.0
