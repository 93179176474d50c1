"""History, members, provenance, deliveries and the feed of changes."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.accounts.roles import Role
from apps.api.cursors import seal
from tests.api.conftest import ACME, PERSON, Caller, merge, write

JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
CONTACT = ACME["contacts"][0]


@pytest.fixture
def changed(systems: None) -> UUID:
    """A customer created in January, changed in February."""
    record = write("customer", ACME, now=JAN, reason="first load")
    after = {**ACME, "owner": "bob", "contacts": [{**CONTACT, "name": "Jane Smith"}], "tax_ids": []}
    write("customer", after, record_id=record, version=1, before=ACME, now=FEB, reason="new owner")
    return record


def test_history_tells_who_when_why_and_what(steward: Caller, changed: UUID) -> None:
    second, first = steward.get(f"customers/{changed}/history").json()["results"]
    assert {
        name: second[name] for name in ("at", "kind", "version", "actor", "user_id", "reason", "title")
    } == {
        "at": "2026-02-01T00:00:00+00:00",
        "kind": "updated",
        "version": 2,
        "actor": "stella",
        "user_id": 77,
        "reason": "new owner",
        "title": "Acme Consulting Ltd",
    }
    assert second["changes"] == [
        {"attribute": "owner", "before": "ann", "after": "bob"},
        {"attribute": "tax_ids", "before": ACME["tax_ids"][0], "after": None},
        {"attribute": "contacts", "before": CONTACT, "after": {**CONTACT, "name": "Jane Smith"}},
    ]
    assert (first["kind"], first["version"], first["reason"]) == ("created", 1, "first load")
    assert {"attribute": "owner", "before": None, "after": "ann"} in first["changes"]
    assert {"attribute": "contacts", "before": None, "after": CONTACT} in first["changes"]
    assert first["correlation_id"] != second["correlation_id"]


def test_history_comes_in_pages(steward: Caller, changed: UUID) -> None:
    whole = steward.get(f"customers/{changed}/history").json()["results"]
    page = steward.get(f"customers/{changed}/history?limit=1").json()
    rest = steward.get(f"customers/{changed}/history?limit=1&cursor={page['next']}").json()
    assert [*page["results"], *rest["results"]] == whole
    assert rest["next"] is None


def test_history_is_masked_in_items_too(viewer: Caller, changed: UUID, person: UUID) -> None:
    body = viewer.get(f"customers/{changed}/history").content.decode()
    assert not [word for word in ("Jane", "jane@acme.com", "7123450") if word in body]
    [change] = [
        each
        for each in viewer.get(f"customers/{changed}/history").json()["results"][0]["changes"]
        if each["attribute"] == "contacts"
    ]
    assert change["after"] == {"role": "billing", "name": None, "email": None, "phone": None}
    resource = viewer.get(f"resources/{person}/history").content.decode()
    assert not [value for value in ("John", "Doe", "2020-02-03") if value in resource]


def test_a_merge_ends_the_history_of_the_loser(steward: Caller, changed: UUID) -> None:
    loser = write("customer", {"legal_name": "Old", "status": "active"}, now=FEB)
    merge("customer", loser, changed, now=MAR)
    revision = steward.get(f"customers/{loser}/history").json()["results"][0]
    assert (revision["kind"], revision["merged_into"], revision["reason"]) == (
        "merged",
        str(changed),
        "the same",
    )
    assert {"attribute": "legal_name", "before": "Old", "after": None} in revision["changes"]


@pytest.mark.parametrize("story", ["history", "members", "provenance", "deliveries"])
def test_a_story_costs_the_same_however_long(
    steward: Caller, acme: UUID, statements: list[str], story: str
) -> None:
    counts = []
    before = ACME
    for version in range(1, 4):
        statements.clear()
        assert steward.get(f"customers/{acme}/{story}").status_code == 200
        counts.append(len(statements))
        after = {**ACME, "owner": f"owner {version}"}
        member = [("salesforce", f"X{version}", {"legal_name": "Acme"})]
        write("customer", after, record_id=acme, version=version, before=before, members=member)
        before = after
    assert counts[1] == counts[2] <= (20 if story == "provenance" else 8)  # which explains the values too


def test_members_are_the_source_records(steward: Caller, viewer: Caller, acme: UUID) -> None:
    found = steward.get(f"customers/{acme}/members").json()["results"]
    assert [(each["system"], each["role"], each["key"], each["method"]) for each in found] == [
        ("netsuite", "erp", "77", "new"),
        ("salesforce", "crm", "001A", "new"),
    ]
    assert found[1]["values"]["contacts"] == [CONTACT]
    assert found[1]["raw"]["Name"] == "raw"
    masked = viewer.get(f"customers/{acme}/members").json()["results"]
    assert masked[1]["values"]["contacts"] == [
        {"role": "billing", "name": None, "email": None, "phone": None}
    ]
    assert [each["raw"] for each in masked] == [None, None]
    page = steward.get(f"customers/{acme}/members?limit=1").json()
    rest = steward.get(f"customers/{acme}/members?limit=1&cursor={page['next']}").json()
    assert [*page["results"], *rest["results"]] == found


def test_provenance_names_the_origin(steward: Caller, viewer: Caller, acme: UUID) -> None:
    name, contact = steward.get(f"customers/{acme}/provenance").json()["results"]
    assert name == {
        "attribute": "legal_name", "item": None, "system": "netsuite", "key": "77", "source_record": None,
        "rule": "owner", "by": None, "reason": None, "at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert contact["item"] == {"role": "billing", "email": "jane@acme.com"}
    assert viewer.get(f"customers/{acme}/provenance").json()["results"][1]["item"] == {
        "role": "billing",
        "email": None,
    }


@pytest.mark.parametrize("story", ["history", "members", "provenance", "deliveries"])
def test_stories_of_other_entities_are_not_found(steward: Caller, acme: UUID, story: str) -> None:
    assert steward.get(f"invoices/{acme}/{story}").status_code == 404


def test_deliveries_of_an_undelivered_record_are_none(steward: Caller, acme: UUID) -> None:
    assert steward.get(f"customers/{acme}/deliveries").json() == {"results": []}


@pytest.mark.django_db(transaction=True)
def test_the_feed_never_skips_a_late_commit(caller: Callable[..., Caller], systems: None) -> None:
    viewer = caller(Role.VIEWER)
    wrote, go_on = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            write("customer", {"legal_name": "Slow", "status": "active"})
            wrote.set()
            assert go_on.wait(30)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert wrote.wait(30)
    fast = write("customer", {"legal_name": "Fast", "status": "active"})

    during = viewer.get("changes").json()
    go_on.set()
    writer.join()
    after = viewer.get(f"changes?since={during['next']}").json()

    assert (during["results"], during["more"]) == ([], False)
    assert [each["attributes"]["legal_name"] for each in after["results"]] == ["Slow", "Fast"]
    assert after["results"][1]["record_id"] == str(fast)
    assert viewer.get(f"changes?since={after['next']}").json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_the_feed_is_filtered_masked_and_paged(caller: Callable[..., Caller], systems: None) -> None:
    steward, viewer = caller(Role.STEWARD), caller(Role.VIEWER)
    write("resource", PERSON)
    for number in range(3):
        write("customer", {**ACME, "legal_name": f"A{number}"}, reason="load")

    everything = steward.get("changes").json()
    assert [each["entity"] for each in everything["results"]] == ["resource", *["customer"] * 3]
    assert everything["results"][0]["attributes"]["name"] == "John Doe"
    assert everything["results"][1]["attributes"]["contacts"] == [CONTACT]
    assert (everything["results"][1]["reason"], everything["results"][1]["version"]) == ("load", 1)
    told = viewer.get("changes").content.decode()
    assert not [word for word in ("John", "Doe", "Jane", "2020-02-03") if word in told]

    seen: list[Any] = []
    cursor = ""
    while True:
        page = steward.get(f"changes?entity=customer&limit=2{cursor and '&since=' + cursor}").json()
        seen += page["results"]
        cursor = page["next"]
        if not page["more"]:
            break
    assert [each["attributes"]["legal_name"] for each in seen] == ["A0", "A1", "A2"]


def test_a_cursor_of_another_database_is_refused(viewer: Caller) -> None:
    cursor = seal(["changes", None], [2**61, str(UUID(int=0))])
    response = viewer.get(f"changes?since={cursor}")
    assert (response.status_code, response.json()["code"]) == (410, "cursor_outlived_database")


def test_an_unknown_entity_is_named(viewer: Caller) -> None:
    response = viewer.get("changes?entity=custome")
    assert response.status_code == 400
    assert "Did you mean customer?" in response.json()["detail"]
