"""Flat records for benchmarks: exact number, repeatable, realistic collisions, families present."""

from collections import Counter
from itertools import islice

from mdm.demo import customers_only
from mdm.demo.benchmark import COLUMNS
from mdm.demo.customers import iter_families


def test_exactly_as_many_records_as_asked() -> None:
    for size in (1, 2, 7, 500):
        rows = list(customers_only(size))
        assert len(rows) == size
        assert len({(row["system"], row["key"]) for row in rows}) == size
        assert all(tuple(row) == COLUMNS for row in rows)


def test_records_are_repeatable_and_lazy() -> None:
    first = list(islice(customers_only(1_000_000, seed=3), 50))
    assert first == list(islice(customers_only(1_000_000, seed=3), 50))
    assert first != list(islice(customers_only(1_000_000, seed=4), 50))


def test_about_half_the_customers_have_a_second_record() -> None:
    rows = list(customers_only(5000))
    sizes = Counter(Counter(row["true_id"] for row in rows).values())
    assert set(sizes) <= {1, 2, 3, 4}
    assert 0.6 <= 1 - sizes[1] / sum(sizes.values()) <= 0.75


def test_names_collide_rarely_and_families_come_in_their_shares() -> None:
    names: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for family in iter_families(8000, 7):
        for customer in family:
            names[customer.country.code, customer.name.stem] += 1
            kinds[customer.family] += 1
    assert sum(kinds.values()) == 8000
    assert sum(times for times in names.values() if times > 1) <= 80
    assert 0.08 <= kinds["group"] / 8000 <= 0.16
    assert 0.03 <= kinds["near_name"] / 8000 <= 0.08
    assert 0.01 <= kinds["same_name"] / 8000 <= 0.05


def test_a_subsidiary_names_its_parent_and_lookalikes_do_not() -> None:
    for family in islice(iter_families(3000, 7), 2000):
        head, *others = family
        if head.family == "group":
            assert {member.parent_id for member in others} == {head.true_id}
            assert len({member.tax_id for member in family}) == len(family)
            assert head.in_crm
            assert head.in_erp
        else:
            assert {member.parent_id for member in family} == {""}
