"""Webhooks over real HTTP: who is let in by which proof, each message once, nothing told to strangers."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import time_machine
from pytest_django import Settings

from apps.audit.context import Actor
from apps.connectors.contracts import Posted
from apps.connectors.dialects.hubspot_webhooks import signature_v3
from apps.connectors.models import Connection
from apps.connectors.services import activate_mapping, draft_mapping, save_connection
from apps.connectors.webhooks import standard_signature
from apps.core.clock import utcnow
from apps.distribution.models import InboxMessage, RefusedWebhooks
from apps.sources.models import Load, RejectedRow, SourceRecord, SourceSystem
from tests.api.test_openapi import check_answer
from tests.serving import hub_address

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Actor(name="ada", kind="user")
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRETS = {"client_secret": "hunter2", "inbound_secret": WHSEC, "token": "t", "client_id": "c"}
DOCUMENTED = "/api/v1/webhooks/{connection}"
LAYOUT = """\
layout: acme.customers
system: acme
about: Customers as Acme's billing tells them.
records:
  - entity: customer
    key: event_subject
    source_version: event_time
    deleted: {eq: [event_verb, deleted]}
    fields: {legal_name: name, phone: phone, status: status}
"""


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    with hub_address() as found:
        yield f"{found}/api/v1/webhooks"


def connection(code: str, kind: str, **fields: Any) -> Connection:
    return save_connection(
        code=code, kind=kind, base_url="https://example.com", actor=ADA, now=utcnow(),
        **{"secrets": SECRETS, **fields},
    )  # fmt: skip


@pytest.fixture
def acme(transactional_db: None) -> Connection:
    """A billing system that sends its customers whole."""
    SourceSystem.objects.create(code="acme", name="Acme billing", role="erp")
    drafted = draft_mapping(text=LAYOUT, actor=ADA, now=utcnow())
    activate_mapping(mapping=drafted, actor=ADA, now=utcnow())
    return connection("acme", "webhook", options={"layouts": {"customer": "acme.customers"}})


def event(**more: Any) -> bytes:
    said = {"name": "Acme Ltd", "status": "active"}
    whole = {"type": "acme.customer.changed", "subject": "77", "time": "2026-01-31T12:00:00Z", "data": said}
    return json.dumps({**whole, **more}).encode()


def send(
    url: str, body: bytes, *, identifier: str = "m1", secret: str = WHSEC, at: datetime | None = None
) -> httpx2.Response:
    stamp = str(int((at or utcnow()).timestamp()))
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": standard_signature(secret, identifier, stamp, body),
    }
    return httpx2.post(url, content=body, headers=headers)


def test_a_record_lands_in_the_transaction_that_keeps_its_message(address: str, acme: Connection) -> None:
    answer = send(f"{address}/acme", event())
    assert answer.status_code == 202
    check_answer(_Shaped(answer), DOCUMENTED, "post")
    assert answer.json() == {"messages": [{"id": "m1", "state": "landed", "repeated": False}]}
    row = InboxMessage.objects.get()
    record = SourceRecord.objects.get()
    assert (record.system_id, record.key, record.values["legal_name"]) == ("acme", "77", "Acme Ltd")
    assert (row.load, row.counts, row.settled_by) == (Load.objects.get(), {"new": 1}, "webhook of acme")
    assert Load.objects.get().actor == "webhook of acme"
    assert record.pending_since is not None

    again = send(f"{address}/acme", event())
    assert (again.status_code, again.json()["messages"][0]["repeated"]) == (200, True)
    assert Load.objects.count() == 1
    other = send(f"{address}/acme", event(subject="78"))
    assert (other.status_code, other.json()["code"]) == (409, "message_id_reused")
    check_answer(_Shaped(other), DOCUMENTED, "post")
    row.refresh_from_db()
    assert (row.repeats, row.conflicts, SourceRecord.objects.count()) == (1, 1, 1)

    deletion = event(type="acme.customer.deleted", data=None, time="2026-01-31T13:00:00Z")
    assert send(f"{address}/acme", deletion, identifier="m2").status_code == 202
    assert SourceRecord.objects.get().deleted is True
    late = event(time="2026-01-31T12:30:00Z")
    assert send(f"{address}/acme", late, identifier="m3").status_code == 202
    assert SourceRecord.objects.get().deleted is True  # an older version, kept and not applied
    assert InboxMessage.objects.get(message_id="m3").counts == {"stale": 1}


class _Shaped:
    """An answer as the checks of the OpenAPI document look at one."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.status_code, self.content, self.json = answer.status_code, answer.content, answer.json
        self._type = answer.headers["content-type"]

    def __getitem__(self, name: str) -> str:
        return self._type


def test_the_published_example_is_let_in_at_its_time_only(address: str, acme: Connection) -> None:
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert httpx2.post(f"{address}/acme", content=body, headers=headers).status_code == 401
    with time_machine.travel(datetime.fromtimestamp(1614265330 + 299, UTC), tick=False):
        answer = httpx2.post(f"{address}/acme", content=body, headers=headers)
    assert (answer.status_code, answer.json()["messages"][0]["state"]) == (202, "rejected")
    row = InboxMessage.objects.get()
    assert (row.content, row.code) == ({"test": 2432232314}, "webhook_unreadable")
    with time_machine.travel(datetime.fromtimestamp(1614265330 + 301, UTC), tick=False):
        assert httpx2.post(f"{address}/acme", content=body, headers=headers).status_code == 401


def test_strangers_learn_nothing(address: str, acme: Connection, settings: Settings) -> None:
    connection("netsuite", "netsuite")
    good = send(f"{address}/acme", event())
    assert good.status_code == 202
    old = utcnow() - timedelta(seconds=301)
    refused = [
        httpx2.post(f"{address}/acme", content=event()),
        send(f"{address}/acme", event(), secret="whsec_AAAA"),
        send(f"{address}/acme", event(), at=old),
    ]
    bodies = {json.dumps({**each.json(), "trace_id": ""}) for each in refused}
    assert {each.status_code for each in refused} == {401}
    assert len(bodies) == 1  # whatever was wrong
    check_answer(_Shaped(refused[0]), DOCUMENTED, "post")
    nobody, sends_none = (send(f"{address}/{code}", event()) for code in ("nobody", "netsuite"))
    assert (nobody.status_code, sends_none.status_code) == (404, 404)
    assert nobody.json()["detail"] == sends_none.json()["detail"]
    assert httpx2.get(f"{address}/acme").status_code == 405
    seen = RefusedWebhooks.objects.get()
    assert (seen.connection, seen.count) == (acme, 3)
    assert "five minutes" in seen.reason
    assert InboxMessage.objects.count() == 1

    settings.API_RATE_PER_MINUTE = 300
    statuses = [httpx2.post(f"{address}/acme", content=b"{}").status_code for _ in range(8)]
    assert 429 in statuses
    assert send(f"{address}/acme", event(), identifier="m9").status_code == 202  # who signs goes on


def test_too_large_and_switched_off(address: str, acme: Connection) -> None:
    answer = httpx2.post(f"{address}/acme", content=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    Connection.objects.filter(pk=acme.pk).update(enabled=False)
    assert send(f"{address}/acme", event(), secret="whsec_AAAA").status_code == 401
    gone = send(f"{address}/acme", event())
    assert (gone.status_code, gone.json()["code"]) == (410, "connection_switched_off")
    assert not InboxMessage.objects.exists()


def test_hubspot_signs_method_address_body_and_time(address: str, transactional_db: None) -> None:
    one = connection("hubspot", "hubspot")
    url = f"{address}/hubspot"
    events = [
        {"eventId": number, "subscriptionId": 1, "objectId": 51, "occurredAt": 1, "attemptNumber": 0,
         "subscriptionType": kind}
        for number, kind in enumerate(("company.creation", "ticket.creation", "company."))
    ]  # fmt: skip

    def post(said: list[Any], signed_url: str) -> httpx2.Response:
        body, stamp = json.dumps(said).encode(), str(int(utcnow().timestamp() * 1000))
        signature = signature_v3("hunter2", Posted(signed_url, {}, body), stamp)
        headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
        return httpx2.post(url, content=body, headers=headers)

    answer = post(events, url)
    assert [each["state"] for each in answer.json()["messages"]] == ["waiting", "ignored", "rejected"]
    assert post(events, url.replace("hubspot", "other")).status_code == 401
    # HubSpot tries a batch again with another attempt number: the same messages, and one new.
    tried = [{**each, "attemptNumber": 1} for each in events]
    more = post([*tried, {**events[0], "eventId": 9}], url)
    assert [each["repeated"] for each in more.json()["messages"]] == [True, True, True, False]
    # Another content under a known id is refused, what is new beside it is taken.
    mixed = post([{**events[0], "sourceId": "x"}, {**events[0], "eventId": 10}], url)
    assert (mixed.status_code, InboxMessage.objects.count()) == (409, 5)
    # Behind a proxy HubSpot signs the public address.
    public = "https://hub.example.com/api/v1/webhooks/hubspot"
    Connection.objects.filter(pk=one.pk).update(options={"webhook_url": public})
    assert post([{**events[0], "eventId": 11}], public).status_code == 202
    assert post([{**events[0], "eventId": 12}], url).status_code == 401


def test_dataverse_shows_a_key_and_salesforce_is_relayed(address: str, transactional_db: None) -> None:
    connection("dataverse", "dataverse")
    connection("salesforce", "salesforce")
    context = {
        "MessageName": "Update",
        "PrimaryEntityName": "account",
        "PrimaryEntityId": "a1",
        "RequestId": "r1",
    }
    body = json.dumps(context).encode()
    by_header = httpx2.post(f"{address}/dataverse", content=body, headers={"x-webhook-key": WHSEC})
    by_code = httpx2.post(f"{address}/dataverse", content=body, params={"code": WHSEC})
    assert (by_header.status_code, by_code.status_code) == (202, 200)  # the same message both times
    assert httpx2.post(f"{address}/dataverse", content=body, params={"code": "x"}).status_code == 401
    header = {"entityName": "Account", "recordIds": ["001A"], "changeType": "UPDATE"}
    relayed = send(f"{address}/salesforce", json.dumps({"ChangeEventHeader": header}).encode())
    assert (relayed.status_code, relayed.json()["messages"][0]["state"]) == (202, "waiting")
    kept = InboxMessage.objects.values_list("connection__code", "object", "native_id", "kind")
    assert set(kept) == {
        ("dataverse", "accounts", "a1", "changed"),
        ("salesforce", "Account", "001A", "changed"),
    }


def test_the_same_message_at_the_same_moment_lands_once(address: str, acme: Connection) -> None:
    answers: list[httpx2.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(send(f"{address}/acme", event()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [200] * 7 + [202]
    assert (InboxMessage.objects.count(), Load.objects.count()) == (1, 1)
    assert InboxMessage.objects.get().repeats == 7


def test_a_row_that_cannot_be_landed_is_a_rejected_row(address: str, acme: Connection) -> None:
    body = event(subject="x" * 201)  # no key is that long
    answer = send(f"{address}/acme", body)
    assert answer.json()["messages"][0]["state"] == "landed"
    assert InboxMessage.objects.get().counts == {"rejected": 1}
    assert RejectedRow.objects.get().load == InboxMessage.objects.get().load


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b'{"type": "a\\u0000", "subject": "1"}', b"\xff"])
def test_unreadable_messages_are_kept_as_rejected(address: str, acme: Connection, body: bytes) -> None:
    answer = send(f"{address}/acme", body)
    assert (answer.status_code, answer.json()["messages"][0]["state"]) == (202, "rejected")
    assert InboxMessage.objects.get().reason
    assert send(f"{address}/acme", body).status_code == 200
