"""Lists and records as they were at a time, and as they hold on a day."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.api.conftest import Caller, merge, write

JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
RATES = [
    {
        "currency": "EUR",
        "unit": "hour",
        "amount": "80.00",
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
    },
    {"currency": "EUR", "unit": "hour", "amount": "90.00", "valid_from": "2026-01-01"},
]


def shown(answer: object) -> list[tuple[str, str | None]]:
    results = answer.json()["results"]  # type: ignore[attr-defined]  # a test response
    return [(each["attributes"]["legal_name"], each["attributes"]["currency"]) for each in results]


@pytest.fixture
def history(systems: None) -> list[UUID]:
    """Two customers in January; in February one changes its currency, in March it is merged into the other."""
    first = {"legal_name": "Acme", "status": "active", "currency": "EUR", "tax_ids": [
        {"scheme": "vat", "country": "FR", "value": "FR83404833048"}
    ]}  # fmt: skip
    one = write("customer", first, now=JAN)
    other = write("customer", {"legal_name": "Beta", "status": "active", "currency": "GBP"}, now=JAN)
    after = {**first, "currency": "USD", "tax_ids": []}
    write("customer", after, record_id=one, version=1, before=first, now=FEB)
    merge("customer", one, other, now=MAR)
    return [one, other]


def test_a_list_is_what_it_was(steward: Caller, history: list[UUID]) -> None:
    asked = "customers?as_of=2026-0{}-15T00:00:00Z"

    assert shown(steward.get("customers?as_of=2025-12-31T00:00:00Z")) == []
    assert shown(steward.get(asked.format(1))) == [("Acme", "EUR"), ("Beta", "GBP")]
    assert shown(steward.get(asked.format(2))) == [("Acme", "USD"), ("Beta", "GBP")]
    assert shown(steward.get(asked.format(3))) == [("Beta", "GBP")]


def test_filters_and_lookups_ask_the_past(steward: Caller, history: list[UUID]) -> None:
    january = "as_of=2026-01-15T00:00:00Z"

    assert shown(steward.get(f"customers?{january}&currency=EUR")) == [("Acme", "EUR")]
    assert shown(steward.get("customers?as_of=2026-02-15T00:00:00Z&currency=EUR")) == []
    assert shown(steward.get(f"customers?{january}&tax_id=FR83404833048")) == [("Acme", "EUR")]
    assert shown(steward.get("customers?as_of=2026-02-15T00:00:00Z&tax_id=FR83404833048")) == []


def test_pages_of_the_past_follow_each_other(steward: Caller, history: list[UUID]) -> None:
    first = steward.get("customers?as_of=2026-01-15T00:00:00Z&limit=1").json()
    second = steward.get(f"customers?as_of=2026-01-15T00:00:00Z&limit=1&cursor={first['next']}").json()

    assert [page["results"][0]["id"] for page in (first, second)] == [str(each) for each in history]
    assert second["next"] is None
    assert steward.get(f"customers?limit=1&cursor={first['next']}").status_code == 400


def test_effective_dated_items_hold_on_a_day(steward: Caller, systems: None) -> None:
    record = write("resource", {"name": "Ada Byron", "status": "active", "bill_rates": RATES}, now=JAN)

    def rates(day: str) -> list[str]:
        answer = steward.get(f"resources/{record}?valid_on={day}").json()
        return [rate["amount"] for rate in answer["attributes"]["bill_rates"]]

    assert rates("2025-06-30") == ["80.00"]
    assert rates("2026-06-30") == ["90.00"]
    assert rates("2024-06-30") == []
    [listed] = steward.get("resources?valid_on=2025-12-31").json()["results"]
    assert [rate["amount"] for rate in listed["attributes"]["bill_rates"]] == ["80.00"]
    assert len(steward.get(f"resources/{record}").json()["attributes"]["bill_rates"]) == 2


def test_people_stay_masked_in_the_past(viewer: Caller, systems: None) -> None:
    write("resource", {"name": "Ada Byron", "status": "active"}, now=JAN)

    [listed] = viewer.get("resources?as_of=2026-02-01T00:00:00Z").json()["results"]

    assert (listed["title"], listed["attributes"]["name"]) == (None, None)
    assert "name" in listed["masked"]


def test_on_a_day_a_merged_record_answers_with_its_survivor(steward: Caller, history: list[UUID]) -> None:
    told = [steward.get(f"customers/{each}?valid_on=2026-06-30").json() for each in history]

    [survivor] = {each["id"] for each in told}
    [loser] = {str(each) for each in history} - {survivor}
    assert sorted(each["redirected_from"] or "" for each in told) == ["", loser]
