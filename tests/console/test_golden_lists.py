"""Lists of golden records: search by any identifier, filters, keyset pages, a constant number of statements."""

from typing import Any

import pytest

from apps.accounts.roles import Role
from apps.console.golden import listing
from apps.console.golden.listing import Wanted, estimate_of, page_of
from apps.console.masking import Sight
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from tests.console.golden import WORKER, counting_statements, shared_customer, single_customer
from tests.console.signing import page, signed_in
from tests.hub import master, only, seed

pytestmark = pytest.mark.django_db

CLEAR = True


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def codes(**wanted: Any) -> list[str]:
    spec = entity("customer")
    return [each.code for each in page_of(spec, Wanted(**wanted), Sight(spec, CLEAR)).records]


def code_of(pk: object) -> str:
    return GoldenRecord.objects.get(pk=pk).code


@pytest.mark.parametrize(
    "q",
    [
        "northwind",
        "harbour NORTH",
        "77",
        "A1",
        "northwind-harbour.example",
        "https://www.Northwind-Harbour.example",
    ],
)
def test_search_finds_by_words_keys_and_lookup_values(q: str) -> None:
    record = shared_customer()
    single_customer()
    assert codes(q=q) == [code_of(record)]


def test_search_finds_by_code_and_golden_id() -> None:
    record = shared_customer()
    single_customer()
    assert codes(q=code_of(record).lower()) == [code_of(record)]
    assert codes(q=str(record)) == [code_of(record)]
    assert codes(q="100%_nothing") == []


def test_filters_by_system_state_and_quality() -> None:
    shared, single = shared_customer(), single_customer()
    GoldenRecord.objects.filter(pk=single).update(quality=40)
    GoldenRecord.objects.filter(pk=shared).update(quality=50)
    assert codes(system="netsuite") == [code_of(shared)]
    assert codes(quality_below=50) == [code_of(single)]
    assert codes(attributes={"status": "active"}) == [code_of(shared)]
    assert codes(record_status="merged") == []


def test_pages_go_forth_and_back_without_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for number in range(5):
        single_customer(f"P{number}", f"{['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm'][number]} Partners Ltd")
    spec = entity("customer")
    sight = Sight(spec, CLEAR)
    first = page_of(spec, Wanted(), sight)
    edge = first.records[-1]
    second = page_of(spec, Wanted(after=(edge.updated_at, edge.id)), sight)
    edge = second.records[-1]
    third = page_of(spec, Wanted(after=(edge.updated_at, edge.id)), sight)
    assert [len(each.records) for each in (first, second, third)] == [2, 2, 1]
    assert [(each.has_previous, each.has_next) for each in (first, second, third)] == [
        (False, True), (True, True), (True, False),
    ]  # fmt: skip
    edge = third.records[0]
    back = page_of(spec, Wanted(before=(edge.updated_at, edge.id)), sight)
    assert back.records == second.records


def test_number_of_matches_is_estimated_beyond_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        single_customer(f"P{number}", f"{['Alder', 'Birch', 'Cedar'][number]} Partners Ltd")
    spec = entity("customer")
    assert estimate_of(spec, Wanted(), Sight(spec, CLEAR)) == (3, True)
    monkeypatch.setattr(listing, "COUNTED", 1)
    count, exact = estimate_of(spec, Wanted(), Sight(spec, CLEAR))
    assert (count >= 2, exact) == (True, False)


def test_a_list_takes_as_many_statements_for_many_records_as_for_one() -> None:
    client = signed_in(Role.STEWARD)
    shared_customer()
    page(client, "golden_list", "customer")
    with counting_statements() as few:
        page(client, "golden_list", "customer")
    for number in range(8):
        single_customer(
            f"P{number}",
            f"{['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Gorse', 'Holly'][number]} Partners",
        )
    with counting_statements() as many:
        page(client, "golden_list", "customer")
    assert len(many) == len(few)


def test_personal_titles_are_masked_for_viewers_and_find_nothing() -> None:
    master("workday.workers", WORKER)
    record = only(GoldenRecord.objects.filter(entity="resource"))
    assert record.title == "Ophelia Quartermaine"
    clear = page(signed_in(Role.STEWARD), "golden_list", "resource")
    masked = page(signed_in(Role.VIEWER), "golden_list", "resource")
    assert "Ophelia Quartermaine" in clear
    assert "Ophelia" not in masked
    assert record.code in masked
    for q in ("Ophelia", "ophelia.quartermaine@firm.example"):
        assert record.code in page(signed_in(Role.STEWARD), "golden_list", "resource", q=q)
        assert record.code not in page(signed_in(Role.VIEWER), "golden_list", "resource", q=q)
    assert record.code in page(signed_in(Role.VIEWER), "golden_list", "resource", q="W1")


def test_a_new_entity_has_its_list_for_nothing() -> None:
    assert "vehicles" in page(signed_in(Role.VIEWER), "golden_list", "vehicle")
