"""Posted records: landed once, rejected rows kept and replayed, golden ids told to whoever waits."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection

from apps.accounts.roles import Role
from apps.api.idempotency import Effect, InFlight, do_once
from apps.api.models import IdempotencyKey
from apps.core.clock import utcnow
from apps.golden.models import GoldenRecord
from apps.pipeline.tasks import run_pipeline
from apps.sources.models import Load, RejectedRow, SourceRecord
from tests.api.conftest import Caller
from tests.hub import account, seed

LAYOUT = "salesforce.accounts"


@pytest.fixture(autouse=True)
def kicks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that would have gone to the broker."""
    sent: list[str] = []
    monkeypatch.setattr(run_pipeline, "delay", lambda: sent.append("run"))
    return sent


@pytest.fixture(autouse=True)
def _seeded(db: None) -> None:
    seed()


def content(*records: Any, mode: str = "full") -> dict[str, Any]:
    return {"layout": LAYOUT, "mode": mode, "records": list(records)}


def test_records_land_and_the_pipeline_is_woken_on_commit(
    integration: Caller, kicks: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = integration.post("records", content(account("A1", "Acme Ltd")), Idempotency_Key="one")
        assert kicks == []
    assert response.status_code == 201
    found = response.json()
    load = found["load"]
    shown = ("system", "layout", "mode", "origin", "status", "rows", "new", "rejected")
    assert {name: load[name] for name in shown} == {
        "system": "salesforce", "layout": LAYOUT, "mode": "full", "origin": "/api/v1/records", "status": "done",
        "rows": 1, "new": 1, "rejected": 0,
    }  # fmt: skip
    assert (found["records"], found["pipeline"]) == ([], None)
    assert response["Location"] == f"/api/v1/loads/{load['id']}"
    assert integration.get(response["Location"]).json() == load
    assert load["actor"] == "integration"
    assert load["correlation_id"] == response["X-Correlation-ID"]
    assert kicks == ["run"]


def test_waiting_tells_the_golden_ids(integration: Caller) -> None:
    response = integration.post(
        "records?wait=true",
        content(account("A1", "Acme Ltd"), account("A2", "Zenith GmbH")),
        Idempotency_Key="one",
    )
    found = response.json()
    assert [(each["system"], each["entity"], each["key"]) for each in found["records"]] == [
        ("salesforce", "customer", "A1"),
        ("salesforce", "customer", "A2"),
    ]
    assert found["pipeline"]["created"] == 2
    golden = integration.get("customers/lookup?system=salesforce&key=A2").json()
    assert golden["id"] == found["records"][1]["id"]
    assert golden["attributes"]["legal_name"] == "Zenith GmbH"
    history = integration.get(f"customers/{golden['id']}/history").json()["results"]
    assert (history[0]["actor"], history[0]["correlation_id"]) == (
        "integration",
        response["X-Correlation-ID"],
    )


def test_the_same_request_is_answered_again(integration: Caller) -> None:
    first = integration.post("records", content(account("A1", "Acme Ltd")), Idempotency_Key="one")
    again = integration.post("records", content(account("A1", "Acme Ltd")), Idempotency_Key="one")
    assert (again.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Load.objects.count() == 1


def test_another_request_under_the_key_is_refused(integration: Caller, caller: Callable[..., Caller]) -> None:
    integration.post("records", content(account("A1", "Acme Ltd")), Idempotency_Key="one")
    other = integration.post("records", content(account("A1", "Other Ltd")), Idempotency_Key="one")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    stranger = caller(Role.INTEGRATION, name="stranger")
    assert stranger.post("records", content(account("A9", "Ltd")), Idempotency_Key="one").status_code == 201


@pytest.mark.parametrize("key", [None, "", "ä", "x" * 201, "two words"])
def test_a_request_needs_a_good_key(integration: Caller, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency_Key": key}
    response = integration.post("records", content(account("A1", "Acme Ltd")), **headers)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")
    assert Load.objects.count() == 0


def test_a_key_is_forgotten_after_a_day(integration: Caller) -> None:
    integration.post("records", content(account("A1", "Acme Ltd")), Idempotency_Key="one")
    with time_machine.travel(utcnow() + timedelta(hours=25)):
        response = integration.post("records", content(account("A2", "Other Ltd")), Idempotency_Key="one")
        assert (response.status_code, response.json()["load"]["new"]) == (201, 1)
    assert IdempotencyKey.objects.count() == 1


def test_a_failure_leaves_neither_effect_nor_key(integration: Caller) -> None:
    wrong = {**content(account("A1", "Acme Ltd")), "layout": "salesforce.account"}
    response = integration.post("records", wrong, Idempotency_Key="one")
    assert response.status_code >= 400
    assert (Load.objects.count(), IdempotencyKey.objects.count(), SourceRecord.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_has_one_effect() -> None:
    entered, go_on = threading.Event(), threading.Event()
    done: list[Effect] = []

    def slow() -> Effect:
        entered.set()
        assert go_on.wait(30)
        return Effect(201, {"n": 1})

    def first() -> None:
        done.append(do_once(user_id=1, key="k", asked=b"a", now=utcnow(), effect=slow))
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(30)
    with pytest.raises(InFlight):
        do_once(user_id=1, key="k", asked=b"a", now=utcnow(), effect=lambda: Effect(201, {"n": 2}))
    go_on.set()
    thread.join()
    again = do_once(user_id=1, key="k", asked=b"a", now=utcnow(), effect=lambda: Effect(201, {"n": 3}))
    assert (done[0].content, again.content, again.repeated) == ({"n": 1}, {"n": 1}, True)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"records": []}, "/records"),
        ({"records": [1]}, "/records/0"),
        ({"records": [{}] * 10_001}, "/records"),
        ({"mode": "replace"}, "/mode"),
        ({"layout": ""}, "/layout"),
        ({"is_approved": True}, ""),
    ],
)
def test_bad_content_lands_nothing(integration: Caller, change: dict[str, Any], pointer: str) -> None:
    response = integration.post("records", {**content(account("A1", "X")), **change}, Idempotency_Key="one")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer
    assert Load.objects.count() == 0


def test_waiting_is_for_small_batches(integration: Caller) -> None:
    many = content(*(account(f"A{n}", f"Ltd {n}") for n in range(1001)))
    response = integration.post("records?wait=true", many, Idempotency_Key="one")
    assert (response.status_code, Load.objects.count()) == (422, 0)


def test_rejected_rows_are_told_corrected_and_replayed(
    integration: Caller, steward: Caller, viewer: Caller
) -> None:
    bad = account("A1", "Acme Ltd", SystemModstamp="not a time")
    bad.pop("Id")
    posted = integration.post(
        "records", content(bad, account("A2", "Good Ltd")), Idempotency_Key="one"
    ).json()
    assert (posted["load"]["new"], posted["load"]["rejected"]) == (1, 1)
    path = f"loads/{posted['load']['id']}/rejected-rows"
    [row] = integration.get(path).json()["results"]
    assert (row["row_number"], row["status"], row["raw"]["Name"]) == (1, "open", "Acme Ltd")
    hidden = viewer.get(path).json()["results"][0]
    assert (hidden["raw"], hidden["code"]) == (None, row["code"])
    assert hidden["reason"].startswith("Hidden")

    denied = viewer.post(f"rejected-rows/{row['id']}/replay", {})
    assert (denied.status_code, RejectedRow.objects.get().status) == (403, "open")
    replayed = steward.post(
        f"rejected-rows/{row['id']}/replay", {"corrected": account("A1", "Acme Ltd")}
    ).json()
    assert (replayed["new"], replayed["rejected"], replayed["row"]["status"]) == (1, 0, "replayed")
    assert replayed["row"]["resolved_by"] == "steward"
    assert steward.post(f"rejected-rows/{row['id']}/replay", {}).status_code == 409
    assert integration.get(f"{path}?status=open").json()["results"] == []


def test_loads_come_in_pages(integration: Caller) -> None:
    for number in range(3):
        integration.post("records", content(account(f"A{number}", "Ltd")), Idempotency_Key=str(number))
    whole = integration.get("loads").json()["results"]
    page = integration.get("loads?limit=2").json()
    rest = integration.get(f"loads?limit=2&cursor={page['next']}").json()
    assert [*page["results"], *rest["results"]] == whole
    assert len(whole) == 3
    assert integration.get("loads?system=netsuite").json()["results"] == []


def test_a_load_that_is_none_is_not_found(viewer: Caller) -> None:
    for path in (f"loads/{UUID(int=1)}", f"loads/{UUID(int=1)}/rejected-rows"):
        assert viewer.get(path).status_code == 404
    assert GoldenRecord.objects.count() == 0
