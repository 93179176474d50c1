"""One record, by golden id and by source key: exact values, validators, redirects, as-of reads."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from apps.golden.models import GoldenRecord
from tests.api.conftest import ACME, PERSON, Caller, merge, write

CONTACT = {"role": "billing", "name": "Jane Roe", "email": "jane@acme.com", "phone": "+442071234500"}


def test_a_record_has_exact_values(steward: Caller, acme: UUID) -> None:
    header = GoldenRecord.objects.get(pk=acme)

    response = steward.get(f"customers/{acme}")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    found = response.json()
    # PostgreSQL leaves out trailing zeros of a second's fraction: moments are compared, not their spelling.
    found |= {name: datetime.fromisoformat(found[name]) for name in ("created_at", "updated_at")}
    assert {name: found[name] for name in list(found) if name != "attributes"} == {
        "id": str(acme),
        "entity": "customer",
        "code": header.code,
        "title": "Acme Consulting Ltd",
        "record_status": "live",
        "version": 1,
        "quality": 90,
        "created_at": header.created_at,
        "updated_at": header.updated_at,
        "redirected_from": None,
        "masked": [],
    }
    assert {name: value for name, value in found["attributes"].items() if value not in (None, [])} == {
        **ACME,
        "entity_terms": [
            {
                "legal_entity": "UK01",
                "currency": "GBP",
                "payment_terms": None,
                "tax_profile": None,
                "credit_limit": "5000.00",
                "credit_hold": None,
                "ar_account": None,
            }
        ],
    }
    assert found["attributes"]["trade_name"] is None
    assert found["attributes"]["addresses"] == []


def test_personal_attributes_are_null_without_unmask(viewer: Caller, acme: UUID, person: UUID) -> None:
    customer = viewer.get(f"customers/{acme}").json()
    assert customer["attributes"]["contacts"] == [
        {"role": "billing", "name": None, "email": None, "phone": None}
    ]
    assert customer["attributes"]["email"] == "office@acme.com"
    assert customer["masked"] == ["contacts.email", "contacts.name", "contacts.phone"]

    resource = viewer.get(f"resources/{person}").json()
    assert resource["title"] is None
    told = json.dumps(resource)
    assert not [value for value in ("John", "Doe", "john@firm.com", "2020-02-03") if value in told]
    assert resource["attributes"]["worker_id"] == "W-7"


def test_whoever_may_unmask_sees_them(steward: Caller, person: UUID) -> None:
    found = steward.get(f"resources/{person}").json()
    assert found["title"] == "John Doe"
    assert {name: found["attributes"][name] for name in PERSON} == PERSON


def test_a_fresh_copy_is_not_sent_again(steward: Caller, acme: UUID) -> None:
    etag = steward.get(f"customers/{acme}")["ETag"]
    assert etag.startswith('"1-')

    again = steward.get(f"customers/{acme}", If_None_Match=etag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert steward.get(f"customers/{acme}", If_None_Match=f'"x", W/{etag}').status_code == 304

    write("customer", {**ACME, "owner": "bob"}, record_id=acme, version=1, before=ACME)
    changed = steward.get(f"customers/{acme}", If_None_Match=etag)
    assert changed.status_code == 200
    assert changed["ETag"].startswith('"2-')
    assert changed.json()["attributes"]["owner"] == "bob"


def test_masked_and_clear_answers_have_different_validators(
    steward: Caller, viewer: Caller, acme: UUID
) -> None:
    clear = steward.get(f"customers/{acme}")["ETag"]
    assert viewer.get(f"customers/{acme}", If_None_Match=clear).status_code == 200


def test_a_merged_id_answers_with_its_survivor(steward: Caller, acme: UUID) -> None:
    loser = write("customer", {"legal_name": "Acme (old)", "status": "active"})
    old = steward.get(f"customers/{loser}")["ETag"]
    merge("customer", loser, acme)

    response = steward.get(f"customers/{loser}", If_None_Match=old)

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["redirected_from"]) == (str(acme), str(loser))
    assert response["Content-Location"] == f"/api/v1/customers/{acme}"


def test_a_record_of_another_entity_is_not_found(steward: Caller, acme: UUID) -> None:
    response = steward.get(f"invoices/{acme}")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert UUID(problem.pop("trace_id")) == UUID(response["X-Correlation-ID"])
    assert problem == {
        "type": "urn:mdm:problem:record_not_found",
        "title": "There is no such golden record",
        "status": 404,
        "detail": f"No invoice has the golden id {acme}.",
        "code": "record_not_found",
        "instance": f"/api/v1/invoices/{acme}",
    }


@pytest.mark.parametrize(("system", "key"), [("salesforce", "001A"), ("netsuite", "77")])
def test_a_source_key_finds_the_record(steward: Caller, acme: UUID, system: str, key: str) -> None:
    response = steward.get(f"customers/lookup?system={system}&key={key}")
    assert response.status_code == 200
    assert response.json() == steward.get(f"customers/{acme}").json()
    assert response["ETag"] == steward.get(f"customers/{acme}")["ETag"]


def test_a_key_of_another_system_or_entity_finds_nothing(steward: Caller, acme: UUID) -> None:
    assert steward.get("customers/lookup?system=netsuite&key=001A").status_code == 404
    assert steward.get("invoices/lookup?system=netsuite&key=77").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "tax_id=GB123456789",
        "domain=acme.com",
        "domain=https://www.ACME.com/about",
        "email=office@acme.com",
        "number=C-100",
        "contact_email=jane@acme.com",
        "domain=acme.com&number=C-100",
    ],
)
def test_a_value_finds_the_record(steward: Caller, acme: UUID, query: str) -> None:
    response = steward.get(f"customers/lookup?{query}")
    assert response.status_code == 200, response.content
    assert response.json()["id"] == str(acme)


def test_values_must_all_hold(steward: Caller, acme: UUID) -> None:
    assert steward.get("customers/lookup?domain=acme.com&number=C-101").status_code == 404


def test_a_value_of_several_records_names_them(steward: Caller, acme: UUID) -> None:
    other = write("customer", {"legal_name": "Acme Two", "domain": "acme.com", "status": "active"})
    response = steward.get("customers/lookup?domain=acme.com")
    assert response.status_code == 409
    assert response.json()["code"] == "ambiguous_lookup"
    assert response.json()["candidates"] == [str(acme), str(other)]


def test_nobody_without_unmask_asks_by_personal_values(viewer: Caller, acme: UUID, person: UUID) -> None:
    for path in (
        "customers/lookup?contact_email=jane@acme.com",
        "customers?contact_email=jane@acme.com",
        "resources/lookup?email=john@firm.com",
        "resources/search?q=John",
    ):
        response = viewer.get(path)
        assert (response.status_code, response.json()["code"]) == (403, "denied"), path
    assert viewer.get("resources/lookup?worker_id=W-7").status_code == 200


def test_a_lookup_needs_a_whole_question(steward: Caller, db: None) -> None:
    for query in ("", "?system=netsuite", "?key=1", "?system=netsuite&key=1&domain=a.com"):
        assert steward.get(f"customers/lookup{query}").status_code == 400, query


def test_many_keys_in_one_statement(steward: Caller, acme: UUID, statements: list[str]) -> None:
    other = write("customer", {"legal_name": "Other", "status": "active"}, members=[("netsuite", "78", {})])
    loser = write("customer", {"legal_name": "Gone", "status": "active"})
    merge("customer", loser, acme)
    keys = [
        {"system": "netsuite", "key": "78"},
        {"system": "netsuite", "key": "none"},
        {"id": str(acme)},
        {"id": str(loser)},
        {"id": str(uuid4())},
        {"system": "netsuite", "key": "78"},
    ]
    steward.get(f"customers/{acme}")  # the token is remembered from here on
    statements.clear()

    response = steward.post("customers/lookup", {"keys": keys})

    assert response.status_code == 200
    found = response.json()
    assert found["found"] == 4
    assert [each and each["id"] for each in found["results"]] == [
        str(other), None, str(acme), str(acme), None, str(other),
    ]  # fmt: skip
    assert found["results"][3]["redirected_from"] == str(loser)
    assert len(statements) == 1


def test_more_than_a_thousand_keys_are_refused(steward: Caller, db: None) -> None:
    response = steward.post("customers/lookup", {"keys": [{"system": "s", "key": "k"}] * 1001})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/keys"


def test_a_record_as_it_was(steward: Caller, systems: None) -> None:
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    record = write("customer", ACME, now=first)
    moved = {**ACME, "owner": "bob", "contacts": [], "domain": "acme.org"}
    write("customer", moved, record_id=record, version=1, before=ACME, now=second)

    then = steward.get(f"customers/{record}?as_of=2026-01-15T00:00:00Z").json()
    assert (then["version"], then["attributes"]["owner"], then["attributes"]["domain"]) == (
        1,
        "ann",
        "acme.com",
    )
    assert then["attributes"]["contacts"] == [CONTACT]
    now = steward.get(f"customers/{record}?as_of=2026-02-01T00:00:00Z").json()
    assert (now["version"], now["attributes"]["owner"], now["attributes"]["contacts"]) == (2, "bob", [])
    assert steward.get(f"customers/{record}?as_of=2025-12-31T00:00:00Z").status_code == 404


def test_an_old_record_is_masked_too(viewer: Caller, person: UUID) -> None:
    found = viewer.get(f"resources/{person}?as_of=2999-01-01T00:00:00Z")
    assert found.status_code == 200
    assert "John" not in found.content.decode()


def test_a_warm_read_is_one_statement(steward: Caller, acme: UUID, statements: list[str]) -> None:
    for path in (f"customers/{acme}", "customers/lookup?system=netsuite&key=77"):
        steward.get(path)
        statements.clear()
        assert steward.get(path).status_code == 200
        assert [each.partition(" ")[0] for each in statements] == ["SELECT"]
        assert "accounts_" not in statements[0]
