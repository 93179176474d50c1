"""Requests that targets send to the hub: signatures found good, everything else refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from apps.connectors.contracts import Connector, Notice, Posted, WebhookRefused
from apps.connectors.hubspot_webhooks import signature_v3
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox import default_secrets
from apps.connectors.webhooks import standard_signature
from tests.connectors.conftest import settings_for

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/hubspot?a=%2Fb"
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


def connector(name: str, **changes: object) -> Connector:
    return CONNECTORS.get(name)(settings_for(name, "http://127.0.0.1:9", **changes))


def hubspot_post(body: bytes, *, secret: str = "", at: datetime = NOW, url: str = URL) -> Posted:
    stamp = str(round(at.timestamp() * 1000))
    key = secret or default_secrets("hubspot")["client_secret"]
    signature = signature_v3(key, Posted(url, {}, body), stamp)
    return Posted(url, {"X-HubSpot-Request-Timestamp": stamp, "x-hubspot-signature-v3": signature}, body)


def standard_post(body: bytes, *, secret: str = "", at: datetime = NOW, identifier: str = "m1") -> Posted:
    stamp = str(round(at.timestamp()))
    key = secret or default_secrets("webhook")["secret"]
    headers = {
        "Webhook-Id": identifier,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,AAAA {standard_signature(key, identifier, stamp, body)}",
    }
    return Posted("https://hub.example.com/webhooks/x", headers, body)


def test_known_signatures() -> None:
    """Vectors computed by hand with openssl, so that signing and checking cannot be wrong together."""
    posted = Posted("https://hub.example.com/x", {}, b"[]")
    assert signature_v3("hunter2", posted, "1769860800000") == "l039GvRqO86QbktP6crCN4nurQtHYCvFSTCnukKMUd4="
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standard_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == known


def test_hubspot_events_become_notices() -> None:
    deletion = {**EVENT, "eventId": 101, "subscriptionType": "deal.deletion", "propertyName": None}
    unknown = {**EVENT, "subscriptionType": "ticket.creation"}
    generic = {**EVENT, "subscriptionType": "object.creation", "objectTypeId": "0-53", "propertyName": ""}
    body = json.dumps([EVENT, deletion, unknown, generic]).encode()
    first, second, third = connector("hubspot").verify_webhook(hubspot_post(body), NOW)
    assert first == Notice(
        obj="companies",
        native_id="51",
        kind="changed",
        notice_id="100-7-51-1769860800000",
        ext_id="g1",
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        fields={"mdm_id": "g1"},
        origin="INTEGRATION:9",
    )
    assert (second.obj, second.kind, second.fields) == ("deals", "deleted", {})
    assert (third.obj, third.kind) == ("invoices", "created")


def test_cloud_events_become_notices() -> None:
    event = {
        "type": "crm.customer.deleted",
        "subject": "77",
        "time": "2026-01-31T12:00:00Z",
        "source": "/crm",
        "data": {"mdm_id": "g1"},
    }
    (notice,) = connector("webhook").verify_webhook(standard_post(json.dumps(event).encode()), NOW)
    assert (notice.obj, notice.native_id, notice.kind, notice.notice_id) == (
        "customer",
        "77",
        "deleted",
        "m1",
    )
    assert (notice.ext_id, notice.at, notice.origin) == ("g1", NOW, "/crm")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_old_and_future_requests_are_refused(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    with pytest.raises(WebhookRefused, match="five minutes"):
        connector("hubspot").verify_webhook(hubspot_post(b"[]", at=at), NOW)
    with pytest.raises(WebhookRefused, match="five minutes"):
        connector("webhook").verify_webhook(standard_post(b"{}", at=at), NOW)


def test_any_change_breaks_the_signature() -> None:
    one = connector("hubspot")
    good = hubspot_post(b"[]")
    assert one.verify_webhook(good, NOW) == ()
    for changed in (
        Posted(good.url, good.headers, b"[1]"),
        Posted(good.url + "1", good.headers, b"[]"),
        Posted(good.url, good.headers, b"[]", method="PUT"),
        Posted(good.url, {}, b"[]"),
        hubspot_post(b"[]", secret="other"),
    ):
        with pytest.raises(WebhookRefused):
            one.verify_webhook(changed, NOW)
    event = b'{"type": "a.b.changed", "subject": "1"}'
    good = standard_post(event)
    other_id = Posted(good.url, {**good.headers, "Webhook-Id": "m2"}, event)
    for changed in (other_id, Posted(good.url, good.headers, event + b" "), standard_post(event, secret="x")):
        with pytest.raises(WebhookRefused):
            connector("webhook").verify_webhook(changed, NOW)


@pytest.mark.parametrize("body", [b"no json", b"{}", b"[]", b'"text"'])
def test_unreadable_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        connector("webhook").verify_webhook(standard_post(body), NOW)
    if body != b"[]":
        with pytest.raises(WebhookRefused):
            connector("hubspot").verify_webhook(hubspot_post(body), NOW)


def test_without_a_secret_nothing_is_accepted() -> None:
    forged = hubspot_post(b"[]", secret="x")
    for secrets in ({"token": "t"}, {"token": "t", "client_secret": ""}):
        with pytest.raises(WebhookRefused):
            connector("hubspot", secrets=secrets).verify_webhook(forged, NOW)
    with pytest.raises(WebhookRefused):
        connector("webhook", secrets={}).verify_webhook(standard_post(b"{}"), NOW)


@pytest.mark.parametrize("name", sorted(set(CONNECTORS.names()) - {"hubspot", "webhook"}))
def test_others_send_none(name: str) -> None:
    one = connector(name)
    assert one.caps.webhooks is False
    with pytest.raises(WebhookRefused, match="sends no signed webhooks"):
        one.verify_webhook(hubspot_post(b"[]"), NOW)
