"""The ledger of a record over REST: by field, masked by role, targets that were never sent the record included."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from apps.connectors.sandbox import start_sandbox
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due
from tests.api.conftest import ACME, Caller, write
from tests.api.test_openapi import check_answer
from tests.distribution.golden import Target, activate, connect, connection, subscribe

PATH = "/api/v1/customers/{record_id}/ledger"


@pytest.fixture
def target(systems: None) -> Iterator[Target]:
    running = start_sandbox("salesforce")
    yield connect(running, {"salesforce.account": "customer"})
    running.stop()


@pytest.fixture
def record(target: Target) -> UUID:
    """A customer that the CRM has; the ERP was subscribed later."""
    found = write("customer", ACME, members=[("netsuite", "77", {})])
    deliver_due(target="salesforce", limit=10, worker="w", now=database_now())
    return found


def test_three_values_by_field(record: UUID, steward: Caller) -> None:
    answer = steward.get(f"customers/{record}/ledger")
    check_answer(answer, PATH)
    [crm] = answer.json()["results"]
    assert (crm["connection"], crm["state"], crm["done_seq"], crm["observed"]) == (
        "salesforce",
        "in_step",
        1,
        "",
    )
    [name] = [each for each in crm["fields"] if each["field"] == "Name"]
    assert name == {
        "field": "Name", "attribute": "legal_name", "desired": "Acme Consulting Ltd", "differs": "",
        "acknowledged": "Acme Consulting Ltd", "observed": None, "masked": False,
    }  # fmt: skip
    [only_differing] = steward.get(f"customers/{record}/ledger?differing=true").json()["results"]
    assert only_differing["fields"] == []


def test_a_target_that_was_never_sent_it(record: UUID, steward: Caller) -> None:
    subscribe(connection("netsuite"), "netsuite.customer")
    activate("netsuite.customer")
    answer = steward.get(f"customers/{record}/ledger?target=netsuite")
    check_answer(answer, PATH)
    assert [(each["connection"], each["state"]) for each in answer.json()["results"]] == [
        ("netsuite", "no_lane")
    ]


def test_personal_values_are_hidden_from_viewers(record: UUID, viewer: Caller) -> None:
    answer = viewer.get(f"customers/{record}/ledger")
    check_answer(answer, PATH)
    assert b"Jane" not in answer.content
    assert b"jane@acme.com" not in answer.content
    unknown = viewer.get(f"customers/{UUID(int=0)}/ledger")
    assert unknown.status_code == 404
