"""Requests that systems send to the hub: what proves them, what they say, and what is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.connectors.contracts import Connector, Message, Notice, Posted, WebhookRefused, WebhookUnreadable
from apps.connectors.dialects.dataverse_webhooks import set_of
from apps.connectors.dialects.hubspot_webhooks import signature_v3
from apps.connectors.registry import CONNECTORS
from apps.connectors.webhooks import standard_signature
from tests.connectors.conftest import settings_for

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL = "https://hub.example.com/api/v1/webhooks/hubspot?a=%2Fb"
SECRETS = {"client_secret": "hunter2", "inbound_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
SENDERS = {"hubspot", "webhook", "salesforce", "dataverse"}
EVENT = {
    "eventId": 100,
    "subscriptionId": 7,
    "objectId": 51,
    "occurredAt": 1769860800000,
    "subscriptionType": "company.propertyChange",
    "propertyName": "mdm_id",
    "propertyValue": "g1",
    "changeSource": "INTEGRATION",
    "sourceId": "9",
}
CHANGE = {
    "schema": "IeRuaY6cbI_HsV8Rv1Mc5g",
    "payload": {
        "ChangeEventHeader": {
            "entityName": "Account",
            "recordIds": ["001A", "001B"],
            "changeType": "UPDATE",
            "changeOrigin": "com/salesforce/api/rest/68.0;client=erp",
            "transactionKey": "0002343d-9d90-e395-ed20-cf416ba652ad",
            "sequenceNumber": 1,
            "commitTimestamp": 1769860800000,
        },
        "Name": "Acme",
    },
    "event": {"replayId": 6},
}
CONTEXT = {
    "MessageName": "Update",
    "PrimaryEntityName": "account",
    "PrimaryEntityId": "b5b1a9d6-0000-4000-8000-000000000001",
    "OperationId": "4af10637-4ea2-e711-8122-000d3aa331a6",
    "OperationCreatedOn": "/Date(1769860800000+0000)/",
    "InitiatingUserId": "75df116d-d9da-e711-a94b-000d3a34ed47",
    "InputParameters": [
        {
            "key": "Target",
            "value": {"LogicalName": "account", "Attributes": [{"key": "name", "value": "Acme"}]},
        }
    ],
}


def connector(name: str, **changes: object) -> Connector:
    return CONNECTORS.get(name)(settings_for(name, "http://127.0.0.1:9", **{"secrets": SECRETS, **changes}))


def hubspot_post(body: bytes, *, secret: str = "hunter2", at: datetime = NOW, url: str = URL) -> Posted:
    stamp = str(round(at.timestamp() * 1000))
    signature = signature_v3(secret, Posted(url, {}, body), stamp)
    return Posted(url, {"X-HubSpot-Request-Timestamp": stamp, "x-hubspot-signature-v3": signature}, body)


def standard_post(body: bytes, *, secret: str = "", at: datetime = NOW, identifier: str = "m1") -> Posted:
    stamp = str(round(at.timestamp()))
    headers = {
        "Webhook-Id": identifier,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": "v1,AAAA "
        + standard_signature(secret or SECRETS["inbound_secret"], identifier, stamp, body),
    }
    return Posted("https://hub.example.com/api/v1/webhooks/x", headers, body)


def keyed_post(body: bytes, *, key: str = "", where: str = "header") -> Posted:
    key = key or SECRETS["inbound_secret"]
    url = "https://hub.example.com/api/v1/webhooks/dataverse"
    if where == "query":
        return Posted(f"{url}?code={key}", {}, body)
    return Posted(url, {"X-Webhook-Key": key}, body)


POSTS = {
    "hubspot": hubspot_post,
    "webhook": standard_post,
    "salesforce": standard_post,
    "dataverse": keyed_post,
}
GOOD: dict[str, Any] = {
    "hubspot": [EVENT],
    "webhook": {"type": "crm.customer.changed", "subject": "77", "data": {"name": "Acme"}},
    "salesforce": CHANGE,
    "dataverse": CONTEXT,
}


def good_post(name: str, **more: Any) -> Posted:
    return POSTS[name](json.dumps(GOOD[name]).encode(), **more)


def test_known_signatures() -> None:
    """The published vector of Standard Webhooks; HubSpot publishes none, so that one was computed with openssl."""
    posted = Posted("https://hub.example.com/x", {}, b"[]")
    assert signature_v3("hunter2", posted, "1769860800000") == "l039GvRqO86QbktP6crCN4nurQtHYCvFSTCnukKMUd4="
    body = b'{"test": 2432232314}'
    known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    identifier = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert standard_signature(SECRETS["inbound_secret"], identifier, "1614265330", body) == known
    headers = {"webhook-id": identifier, "webhook-timestamp": "1614265330", "webhook-signature": known}
    sent = datetime.fromtimestamp(1614265330, UTC)
    assert connector("webhook").verify_webhook(Posted("", headers, body), sent) == (
        Message(identifier, {"test": 2432232314}),
    )


def test_each_hubspot_event_is_a_message_of_its_own() -> None:
    one = connector("hubspot")
    second = {**EVENT, "eventId": 101, "subscriptionType": "deal.deletion"}
    tied = {"eventId": 3, "subscriptionId": 9, "fromObjectId": 5, "occurredAt": 1}
    body = json.dumps([{**EVENT, "attemptNumber": 4}, second, second, tied, "text"]).encode()
    messages = one.verify_webhook(hubspot_post(body), NOW)
    assert [each.message_id for each in messages[:3]] == [
        "100-7-51-1769860800000", "101-7-51-1769860800000", "3-9-5-1",
    ]  # fmt: skip
    assert messages[0].content == EVENT  # whatever the attempt, it is the same message
    assert messages[3].message_id.startswith("sha256:")


def test_hubspot_events_become_notices() -> None:
    one = connector("hubspot")
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert one.read_message(EVENT) == (
        Notice("companies", "51", "changed", "g1", at, {"mdm_id": "g1"}, "INTEGRATION:9"),
    )
    (deleted,) = one.read_message({**EVENT, "subscriptionType": "deal.deletion", "propertyName": None})
    assert (deleted.obj, deleted.kind, deleted.fields) == ("deals", "deleted", {})
    (created,) = one.read_message({**EVENT, "subscriptionType": "object.creation", "objectTypeId": "0-53"})
    assert (created.obj, created.kind) == ("invoices", "created")
    assert one.read_message({**EVENT, "subscriptionType": "ticket.creation"}) == ()
    merge = {"subscriptionType": "company.merge", "primaryObjectId": 5, "mergedObjectIds": [6, 9]}
    told = one.read_message({**EVENT, **merge, "newObjectId": 9})
    assert [(each.native_id, each.kind) for each in told] == [("9", "merged"), ("6", "deleted")]


def test_cloud_events_carry_a_row_of_a_layout() -> None:
    event = {
        "type": "crm.customer.deleted", "subject": "77", "time": "2026-01-31T12:00:00Z", "source": "/crm",
        "data": {"mdm_id": "g1"},
    }  # fmt: skip
    (notice,) = connector("webhook").read_message(event)
    row = {"mdm_id": "g1", "event_subject": "77", "event_time": event["time"], "event_verb": "deleted"}
    assert notice == Notice("customer", "77", "deleted", "g1", NOW, row, "/crm", layout="webhook.customer")
    (named,) = connector("webhook", options={"layouts": {"customer": "crm.accounts"}}).read_message(event)
    assert named.layout == "crm.accounts"
    assert connector("webhook").read_message({"type": "mdm.x.ping", "subject": "ping"}) == ()


def test_change_events_name_records() -> None:
    one = connector("salesforce")
    for content in (CHANGE, {"data": CHANGE}, {"detail": {"payload": CHANGE["payload"]}}, CHANGE["payload"]):
        told = one.read_message(content)
        assert [(each.obj, each.native_id, each.kind) for each in told] == [
            ("Account", "001A", "changed"), ("Account", "001B", "changed"),
        ]  # fmt: skip
        assert (told[0].at, told[0].fields, told[0].layout) == (NOW, {"Name": "Acme"}, "")
    header = CHANGE["payload"]["ChangeEventHeader"]  # type: ignore[index]  # the sample above
    gap = {"ChangeEventHeader": {**header, "changeType": "GAP_DELETE", "recordIds": ["001A"]}}
    assert [each.kind for each in one.read_message(gap)] == ["deleted"]
    lost = {"ChangeEventHeader": {**header, "changeType": "GAP_OVERFLOW", "recordIds": ["000"]}}
    wild = {"ChangeEventHeader": {**header, "recordIds": ["001*"]}}
    for content in (lost, wild):  # no record is named: the feed must be read
        assert [(each.obj, each.native_id) for each in one.read_message(content)] == [("Account", "")]


def test_execution_contexts_name_a_record() -> None:
    one = connector("dataverse", options={"entity_sets": {"mdm_thing": "mdm_thingz"}})
    record = CONTEXT["PrimaryEntityId"]
    (notice,) = one.read_message(CONTEXT)
    assert notice == Notice(
        "accounts", str(record), "changed", None, NOW, {"name": "Acme"}, str(CONTEXT["InitiatingUserId"])
    )
    assert one.read_message({**CONTEXT, "PrimaryEntityName": "mdm_thing"})[0].obj == "mdm_thingz"
    merged = {**CONTEXT, "MessageName": "Merge", "InputParameters": [{"key": "SubordinateId", "value": "s"}]}
    assert [(each.native_id, each.kind) for each in one.read_message(merged)] == [
        (record, "merged"), ("s", "deleted"),
    ]  # fmt: skip
    assert one.read_message({**CONTEXT, "MessageName": "RetrieveMultiple"}) == ()
    names = ("opportunity", "msdyn_project", "process", "tax", "mdm_day")
    assert [set_of(each) for each in names] == [
        "opportunities", "msdyn_projects", "processes", "taxes", "mdm_days",
    ]  # fmt: skip


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_what_is_not_signed_so_is_refused(name: str) -> None:
    one, posted = connector(name), good_post(name)
    assert len(one.verify_webhook(posted, NOW)) == 1
    wrong = {"key": "x"} if name == "dataverse" else {"secret": "x"}
    for forged in (Posted(posted.url, {}, posted.body), good_post(name, **wrong)):
        with pytest.raises(WebhookRefused):
            one.verify_webhook(forged, NOW)
    for nothing in ({}, {"client_secret": "", "inbound_secret": ""}):
        with pytest.raises(WebhookRefused, match="set it"):
            connector(name, secrets=nothing).verify_webhook(posted, NOW)


@pytest.mark.parametrize("name", sorted(SENDERS - {"dataverse"}))
@pytest.mark.parametrize("seconds", [-301, 301])
def test_old_and_future_requests_are_refused(name: str, seconds: int) -> None:
    with pytest.raises(WebhookRefused, match="five minutes"):
        connector(name).verify_webhook(good_post(name, at=NOW + timedelta(seconds=seconds)), NOW)


def test_any_change_breaks_a_signature() -> None:
    posted = hubspot_post(b"[]")
    for changed in (
        Posted(posted.url, posted.headers, b"[1]"),
        Posted(posted.url + "1", posted.headers, b"[]"),
        Posted(posted.url, posted.headers, b"[]", method="PUT"),
    ):
        with pytest.raises(WebhookRefused):
            connector("hubspot").verify_webhook(changed, NOW)
    posted = good_post("webhook")
    for headers, body in (
        ({**posted.headers, "Webhook-Id": "m2"}, posted.body),
        ({**posted.headers, "Webhook-Timestamp": "1769860801"}, posted.body),
        (posted.headers, posted.body + b" "),
    ):
        with pytest.raises(WebhookRefused):
            connector("webhook").verify_webhook(Posted(posted.url, headers, body), NOW)


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_the_secret_of_before_is_good_while_it_is_kept(name: str) -> None:
    secret = connector(name).caps.webhooks_by
    new = {secret: "new", f"previous_{secret}": SECRETS[secret]}
    assert len(connector(name, secrets=new).verify_webhook(good_post(name), NOW)) == 1
    with pytest.raises(WebhookRefused):
        connector(name, secrets={secret: "new"}).verify_webhook(good_post(name), NOW)


def test_the_secret_that_signs_what_goes_out_proves_nothing_that_comes_in() -> None:
    """A receiver of the hub's own webhooks knows it."""
    one = connector("webhook", secrets={"secret": SECRETS["inbound_secret"]})
    with pytest.raises(WebhookRefused):
        one.verify_webhook(good_post("webhook"), NOW)


def test_dataverse_may_send_its_key_as_code() -> None:
    assert len(connector("dataverse").verify_webhook(good_post("dataverse", where="query"), NOW)) == 1
    named = connector("dataverse", options={"webhook_header": "x-own"})
    with pytest.raises(WebhookRefused):
        named.verify_webhook(good_post("dataverse"), NOW)


@pytest.mark.parametrize("name", sorted(SENDERS))
@pytest.mark.parametrize("body", [b"no json", b"{}", b'"text"', b'{"a": "\\u0000"}', b"\xff\x00", b""])
def test_verified_but_unreadable_bodies_are_messages_that_cannot_be_read(name: str, body: bytes) -> None:
    one = connector(name)
    (message,) = one.verify_webhook(POSTS[name](body), NOW)
    assert message.message_id
    assert "\x00" not in json.dumps(message.content)
    with pytest.raises(WebhookUnreadable):
        one.read_message(message.content)


def test_an_absurd_time_makes_an_event_unreadable() -> None:
    event = {"subscriptionType": "company.creation", "objectId": 5, "occurredAt": 1e300}
    with pytest.raises(WebhookUnreadable, match="occurredAt"):
        connector("hubspot").read_message(event)


@pytest.mark.parametrize("name", sorted(set(CONNECTORS.names()) - SENDERS))
def test_others_send_none(name: str) -> None:
    one = connector(name)
    assert one.caps.webhooks_by == ""
    with pytest.raises(WebhookRefused, match="sends no signed webhooks"):
        one.verify_webhook(hubspot_post(b"[]"), NOW)
