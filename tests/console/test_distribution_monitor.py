"""Monitor, inbox and the record's tabs on screen: who sees values, who may act."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.audit.context import Actor
from apps.connectors.models import Connection
from apps.connectors.sandbox import start_sandbox
from apps.connectors.selectors import connector_for, settings_of
from apps.connectors.services import rotate_webhook_secret
from apps.connectors.services.webhook_secrets import SecretIsTheSystems, SendsNoWebhooks
from apps.distribution.models import InboxMessage, Observation
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due
from tests.api.conftest import ACME, systems, write
from tests.console.signing import page, press, signed_in, told
from tests.distribution.golden import T0, Target, closed_port, connect, connection

pytestmark = pytest.mark.django_db
__all__ = ["systems"]


@pytest.fixture
def crm() -> Iterator[Target]:
    running = start_sandbox("salesforce")
    yield connect(running, {"salesforce.account": "customer"})
    running.stop()


@pytest.fixture
def acme(systems: None, crm: Target) -> UUID:
    found = write("customer", ACME, members=[("netsuite", "77", {"legal_name": "ACME"})])
    deliver_due(target="salesforce", limit=10, worker="w", now=database_now())
    return found


def message(state: str, **fields: object) -> InboxMessage:
    hubspot = Connection.objects.filter(code="hubspot").first() or connection("hubspot", port=closed_port())
    settled = {} if state == "waiting" else {"settled_at": T0, "settled_by": "webhook of hubspot"}
    values = {
        "message_id": f"m{InboxMessage.objects.count()}", "content": {"name": "Jane Roe"}, "content_hash": b"x" * 16,
        "received_at": T0, "last_at": T0, "next_at": T0, "state": state, **settled, **fields,
    }  # fmt: skip
    return InboxMessage.objects.create(connection=hubspot, **values)


def test_the_monitor_names_every_target(acme: UUID) -> None:
    shown = page(signed_in(Role.VIEWER), "monitor")
    for words in ("oldest undelivered", "p50 p99", "breaker", "rate tokens", "parked", "Webhooks from there"):
        assert words in shown
    assert "by webhooks only" not in shown
    assert "No target has a subscription" in page(signed_in(Role.VIEWER), "monitor", target="nobody")


def test_the_record_tells_what_targets_hold_and_how_it_came_there(acme: UUID) -> None:
    viewer, admin = signed_in(Role.VIEWER), signed_in(Role.ADMINISTRATOR)
    assert "Look now" not in page(viewer, "golden_record", "customer", acme, tab="targets")
    query = "?tab=targets"
    refused = press(
        viewer, "golden_record", "customer", acme, query=query, act="observe", target="salesforce"
    )
    assert refused.status_code == 403
    [said] = told(admin, "golden_record", "customer", acme, query=query, act="observe", target="salesforce")
    assert "stands under Observed" in said
    assert Observation.objects.get().values["Name"] == "Acme Consulting Ltd"
    shown = page(admin, "golden_record", "customer", acme, tab="targets")
    assert shown.count("Acme Consulting Ltd") >= 4
    timeline = page(viewer, "golden_record", "customer", acme, tab="timeline")
    assert "Version 1" in timeline
    assert "salesforce" in timeline


def test_messages_are_shown_to_whoever_may_unmask(systems: None) -> None:
    row = message("rejected", code="webhook_unreadable", reason="no subject")
    viewer = page(signed_in(Role.VIEWER), "inbox_message", row.pk)
    assert "Jane Roe" not in viewer
    assert "needs the capability" in viewer
    steward = page(signed_in(Role.STEWARD), "inbox_message", row.pk)
    assert "Jane Roe" in steward
    assert "Replay as corrected" in steward
    assert "no subject" in page(signed_in(Role.VIEWER), "inbox")
    assert "Jane Roe" not in page(signed_in(Role.STEWARD), "inbox")
    assert "No message fits" in page(signed_in(Role.VIEWER), "inbox", state="waiting")


def test_stewards_correct_replay_and_dismiss(systems: None) -> None:
    one, two = message("rejected"), message("ignored", code="not_taken")
    viewer, steward = signed_in(Role.VIEWER), signed_in(Role.STEWARD)
    assert press(viewer, "inbox", act="dismiss", message=[one.pk]).status_code == 403
    [fault] = told(steward, "inbox_message", one.pk, act="correct", content="{")
    assert "no JSON" in fault
    event = '{"subscriptionType": "company.creation", "objectId": 5}'
    [said] = told(steward, "inbox_message", one.pk, act="correct", content=event, reason="their test")
    assert "1 waiting" in said
    one.refresh_from_db()
    assert (one.state, one.native_id, one.content) == ("waiting", "5", {"name": "Jane Roe"})
    told(steward, "inbox", act="dismiss", message=[two.pk], reason="noise")
    two.refresh_from_db()
    assert (two.state, two.settled_by) == ("dismissed", "the-steward")


def test_a_new_secret_is_shown_once_and_the_old_one_stays_good(crm: Target) -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    assert "two secrets are good" not in page(admin, "connection", "salesforce")
    answer = press(admin, "connection", "salesforce", act="rotate").content.decode()
    row = Connection.objects.get(code="salesforce")
    known = dict(settings_of(row).secrets)
    assert known["inbound_secret"] in answer
    assert known["previous_inbound_secret"] == "whsec_c2FuZGJveC1jaGFuZ2UtZXZlbnRz"
    assert known["client_secret"] == "sandbox-crm"
    shown = page(admin, "connection", "salesforce")
    assert known["inbound_secret"] not in shown
    assert "/api/v1/webhooks/salesforce" in shown
    assert "two secrets are good" in shown
    told(admin, "connection", "salesforce", act="end_overlap")
    row.refresh_from_db()
    assert set(settings_of(row).secrets) == {"client_id", "client_secret", "inbound_secret"}
    assert connector_for(row).caps.webhooks_by == "inbound_secret"
    with pytest.raises(SendsNoWebhooks):
        rotate_webhook_secret(connection=connection("netsuite"), actor=Actor(name="ada"), now=T0)
    with pytest.raises(SecretIsTheSystems):  # it signs the hub in over there as well
        rotate_webhook_secret(connection=connection("hubspot"), actor=Actor(name="ada"), now=T0)
