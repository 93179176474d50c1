"""Lists: filters, strict parameters, keyset pages that stay complete while records appear."""

from uuid import UUID

import pytest

from tests.api.conftest import Caller, write


def ids(response: object) -> list[str]:
    return [each["id"] for each in response.json()["results"]]  # type: ignore[attr-defined]  # a test response


@pytest.fixture
def customers(systems: None) -> list[UUID]:
    return [
        write(
            "customer",
            {
                "legal_name": f"Customer {number}",
                "number": f"N{number}",
                "status": "active" if number % 2 else "prospect",
                "currency": ("EUR", "GBP", "USD")[number % 3],
                "domain": f"c{number}.com",
            },
        )
        for number in range(7)
    ]


def test_filters_select(steward: Caller, customers: list[UUID]) -> None:
    shown = [str(each) for each in customers]
    assert ids(steward.get("customers")) == shown
    assert ids(steward.get("customers?status=active")) == [shown[1], shown[3], shown[5]]
    assert ids(steward.get("customers?status=active&currency=EUR")) == [shown[3]]
    assert ids(steward.get("customers?currency=EUR&currency=USD")) == [
        shown[0],
        shown[2],
        shown[3],
        shown[5],
        shown[6],
    ]
    assert ids(steward.get("customers?domain=www.C4.com")) == [shown[4]]
    assert ids(steward.get("customers?record_status=retired")) == []
    assert ids(steward.get("customers?updated_since=2999-01-01T00:00:00Z")) == []


def test_ranges_and_references_select(steward: Caller, customers: list[UUID]) -> None:
    made = [
        write(
            "engagement",
            {
                "name": f"E{n}",
                "customer": str(customers[n]),
                "start": f"2026-0{n + 1}-01",
                "status": "active",
            },
        )
        for n in range(3)
    ]
    shown = [str(each) for each in made]
    assert ids(steward.get(f"engagements?customer={customers[1]}")) == [shown[1]]
    assert ids(steward.get("engagements?start_from=2026-02-01")) == shown[1:]
    assert ids(steward.get("engagements?start_from=2026-02-01&start_to=2026-02-28")) == [shown[1]]
    assert ids(steward.get("engagements?start=2026-03-01")) == [shown[2]]


def test_pages_are_complete_while_records_appear(steward: Caller, customers: list[UUID]) -> None:
    seen, cursor, added = [], "", []
    while True:
        response = steward.get(f"customers?limit=2{cursor and '&cursor=' + cursor}")
        seen += ids(response)
        added.append(
            str(write("customer", {"legal_name": "Late", "status": "prospect"})) if len(added) < 3 else ""
        )
        cursor = response.json()["next"]
        if cursor is None:
            break
        assert response["Link"] == f'</api/v1/customers?limit=2&cursor={cursor}>; rel="next"'
    assert seen == [*map(str, customers), *filter(None, added)]


def test_a_cursor_belongs_to_its_filters(steward: Caller, customers: list[UUID]) -> None:
    cursor = steward.get("customers?limit=1&status=active").json()["next"]
    assert ids(steward.get(f"customers?limit=1&status=active&cursor={cursor}")) == [str(customers[3])]
    for path in (
        f"customers?status=prospect&cursor={cursor}",
        f"customers?cursor={cursor}",
        f"invoices?cursor={cursor}",
    ):
        assert steward.get(path).json()["code"] == "invalid_cursor"
    forged = ("A" if cursor[-1] != "A" else "B").join([cursor[:-1], ""])
    assert steward.get(f"customers?limit=1&status=active&cursor={forged}").status_code == 400


def test_a_page_costs_the_same_whatever_its_size(
    steward: Caller, customers: list[UUID], statements: list[str]
) -> None:
    steward.get("customers")
    counts = []
    for limit in (1, 7):
        statements.clear()
        assert len(ids(steward.get(f"customers?limit={limit}"))) == limit
        counts.append(len(statements))
    assert counts == [2, 2]


def test_a_masked_list_shows_nothing_personal(viewer: Caller, person: UUID) -> None:
    body = viewer.get("resources").content.decode()
    assert str(person) in body
    assert "John" not in body
    assert "john@firm.com" not in body
