"""What webhooks name is fetched and landed once, with the message settled; never an older state over a newer."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from apps.audit.context import Actor
from apps.connectors.contracts import Posted
from apps.connectors.dialects.hubspot_webhooks import signature_v3
from apps.connectors.models import Connection
from apps.connectors.sandbox import RunningSandbox, default_secrets, start_sandbox
from apps.connectors.sandbox.sender import Happened
from apps.connectors.sandbox.sending import PACKERS
from apps.core.errors import Conflict
from apps.distribution import feeding
from apps.distribution.models import InboxMessage, PullFeed, Subscription
from apps.distribution.selectors import database_now, waiting_inboxes
from apps.distribution.services import (
    deliver_due,
    dismiss_messages,
    fetch_inbox,
    prune_inbox,
    pull_changes,
    replay_messages,
    take_webhook,
)
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import Load, SourceRecord, SourceSystem
from tests.distribution.golden import Target, closed_port, connect
from tests.hub import document_of, erp_customer, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Actor(name="ada", kind="user")
URL = "http://hub/api/v1/webhooks/hubspot"


@pytest.fixture
def crm() -> Iterator[Target]:
    """The seeded hub with HubSpot as source and target; one customer of the ERP was delivered there."""
    seed()
    SourceSystem.objects.create(code="hubspot", name="HubSpot", role="crm")
    server = start_sandbox("hubspot")
    target = connect(server, {"hubspot.company": "customer"})
    master("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    deliver("hubspot")
    yield target
    server.stop()


def deliver(system: str) -> None:
    deliver_due(target=system, limit=100, worker="w1", now=database_now())


def company(target: Target) -> Any:
    return only(target.server.store.rows("companies"))


def tell(target: Target, verb: str = "updated", *changed: str, row: Any = None, number: int = 1) -> list[str]:
    """Have the CRM say that its company changed; return the states of the messages."""
    happened = Happened(row or company(target), verb, changed or ("phone",), "person", number)
    body, headers = PACKERS["hubspot"](default_secrets("hubspot"), happened, URL, 0) or (b"", {})
    return [
        each.state
        for each in take_webhook(system="hubspot", posted=Posted(URL, headers, body), now=database_now())
    ]


def fetch(after: float = 0.0) -> int:
    return fetch_inbox(system="hubspot", now=database_now() + timedelta(seconds=after))


def person_sets(target: Target, **fields: Any) -> None:
    target.server.store.update(company(target), fields)


def test_what_is_named_is_fetched_and_reaches_the_golden_record(crm: Target) -> None:
    person_sets(crm, mdm_segment="Gold")
    assert tell(crm, "updated", "mdm_segment") == ["waiting"]
    assert waiting_inboxes(now=database_now()) == ["hubspot"]
    assert fetch() == 1
    row = InboxMessage.objects.get()
    load = Load.objects.get(system="hubspot")
    assert (row.state, row.load, row.object, row.native_id) == (
        "landed",
        load,
        "companies",
        company(crm).native_id,
    )
    assert (load.origin, load.actor) == ("webhook of hubspot", "webhook of hubspot")
    run_pending()
    assert document_of(only(live("customer")))["segment"] == "Gold"
    assert home_of("hubspot", "customer", company(crm).native_id) == only(live("customer"))
    assert (fetch(), waiting_inboxes(now=database_now())) == (0, [])


def test_what_the_hub_wrote_itself_starts_nothing(crm: Target) -> None:
    events = OutboxEvent.objects.count()
    tell(crm, "created")
    assert fetch() == 1
    run_pending()
    assert OutboxEvent.objects.count() == events
    assert InboxMessage.objects.get().counts == {"new": 1}
    tell(crm, "updated", "name", number=2)  # said again: the hub has heard that content
    assert fetch() == 1
    assert Load.objects.filter(system="hubspot").count() == 1


def test_many_notices_of_a_record_are_one_reading(crm: Target) -> None:
    person_sets(crm, mdm_segment="Gold", phone="+441132000000")
    assert tell(crm, "updated", "mdm_segment", "phone") == ["waiting", "waiting"]
    tell(crm, "updated", "mdm_segment", number=2)
    calls = crm.server.store.count_call()
    assert fetch() == 3
    assert crm.server.store.count_call() - calls <= 3  # one read, one of its parents
    assert Load.objects.filter(system="hubspot").count() == 1


def test_a_pull_and_a_notice_never_put_an_older_state_over_a_newer(
    crm: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the worker holds what it read, somebody changes the record and a pull lands that."""
    person_sets(crm, mdm_segment="Old")
    tell(crm, "updated", "mdm_segment")
    landing = feeding.land_read
    between = iter((True, False))

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        if next(between, False):
            person_sets(crm, mdm_segment="New")
            pull_changes(target="hubspot", actor=ADA, now=database_now())
        return landing(*args, **kwargs)

    monkeypatch.setattr("apps.distribution.services.fetching.land_read", overtaken)
    assert fetch() == 1
    assert SourceRecord.objects.get(system="hubspot").values["segment"] == "New"


def test_a_system_that_is_down_has_its_messages_wait(crm: Target) -> None:
    tell(crm)
    url = Connection.objects.get(code="hubspot").base_url
    Connection.objects.filter(code="hubspot").update(base_url=f"http://127.0.0.1:{closed_port()}")
    assert fetch() == 0
    row = InboxMessage.objects.get()
    assert (row.state, row.attempts, row.lease_until) == ("waiting", 1, None)
    assert row.reason
    assert row.next_at > database_now()
    Connection.objects.filter(code="hubspot").update(base_url=url)
    assert (fetch(), fetch(after=60)) == (0, 1)
    InboxMessage.objects.update(
        state="waiting", settled_at=None, last_at=database_now() - timedelta(hours=73)
    )
    Connection.objects.filter(code="hubspot").update(base_url=f"http://127.0.0.1:{closed_port()}")
    assert fetch(after=120) == 1
    assert (InboxMessage.objects.get().state, InboxMessage.objects.get().code) == ("rejected", "exhausted")


def test_deletions_and_records_not_shown_yet(crm: Target) -> None:
    tell(crm)
    fetch()
    row = company(crm)
    crm.server.store.delete(row)
    tell(crm, "updated", "phone", row=row, number=2)  # late: it is gone by now, or not to be read yet
    assert [fetch(after=seconds) for seconds in (0, 60, 3_600)] == [0, 0, 1]
    assert SourceRecord.objects.get(system="hubspot").deleted is True
    tell(crm, "deleted", row=row, number=3)
    assert fetch() == 1
    nobody = type(row)(**{name: getattr(row, name) for name in row.__slots__} | {"native_id": "99"})
    tell(crm, "deleted", row=nobody, number=4)
    assert fetch() == 1  # a deletion of what the hub never heard of
    assert SourceRecord.objects.filter(system="hubspot").count() == 1


def test_a_deletion_is_not_taken_back_by_a_reading_that_is_late(crm: Target) -> None:
    tell(crm)
    fetch()
    row = company(crm)
    tell(crm, "deleted", row=row, number=2)
    assert fetch() == 0  # still shown
    assert InboxMessage.objects.get(kind="deleted").code == "not_there_yet"
    crm.server.store.delete(row)
    assert fetch(after=60) == 1
    assert SourceRecord.objects.get(system="hubspot").deleted is True


def test_only_looks_make_sure_that_something_is_not_there(crm: Target) -> None:
    """A system that was down three times has not been seen without the record: what it shows next is doubted still."""
    tell(crm)
    fetch()
    row = company(crm)
    crm.server.store.delete(row)
    tell(crm, "updated", "phone", row=row, number=2)
    url = Connection.objects.get(code="hubspot").base_url
    Connection.objects.filter(code="hubspot").update(base_url=f"http://127.0.0.1:{closed_port()}")
    assert [fetch(after=hours * 3_600) for hours in (0, 1, 2)] == [0, 0, 0]
    Connection.objects.filter(code="hubspot").update(base_url=url)
    assert [fetch(after=hours * 3_600) for hours in (3, 4)] == [0, 0]
    waiting = InboxMessage.objects.get(state="waiting")
    assert (waiting.code, waiting.attempts, waiting.looks) == ("not_there_yet", 5, 2)
    assert fetch(after=5 * 3_600) == 1
    assert SourceRecord.objects.get(system="hubspot").deleted is True


def test_what_nobody_reads_is_ignored_and_can_be_replayed(crm: Target) -> None:
    Subscription.objects.update(active=False)
    tell(crm)
    assert fetch() == 1
    row = InboxMessage.objects.get()
    assert (row.state, row.code) == ("ignored", "not_read")
    Subscription.objects.update(active=True)
    (taken,) = replay_messages(messages=[row.pk], actor=ADA, reason="subscribed", now=database_now())
    assert (taken.state, fetch()) == ("waiting", 1)
    with pytest.raises(Conflict):
        replay_messages(messages=[row.pk], actor=ADA, reason="again", now=database_now())


def test_a_rejected_message_is_corrected_or_dismissed(crm: Target) -> None:
    native = company(crm).native_id
    for number in (1, 2):
        content = [
            {"eventId": number, "subscriptionId": 1, "occurredAt": 1, "subscriptionType": "company.creation"}
        ]
        _post_raw(content)
    one, two = InboxMessage.objects.order_by("received_at")
    assert {one.state, two.state} == {"rejected"}
    corrected = {one.pk: {**one.content, "objectId": int(native)}}
    replay_messages(messages=[one.pk], actor=ADA, reason="id added", now=database_now(), corrected=corrected)
    assert fetch() == 1
    one.refresh_from_db()
    assert (one.state, one.corrected["objectId"], "objectId" in one.content) == ("landed", int(native), False)
    dismiss_messages(messages=[two.pk], actor=ADA, reason="a test of theirs", now=database_now())
    two.refresh_from_db()
    assert (two.state, two.settled_by) == ("dismissed", "ada")
    later = database_now() + timedelta(days=31)
    InboxMessage.objects.filter(pk=two.pk).update(state="rejected")
    assert prune_inbox(now=later) == 1  # rejected ones wait for a person
    assert InboxMessage.objects.get() == two


def _post_raw(content: Any) -> None:
    now = database_now()
    body, stamp = json.dumps(content).encode(), str(int(now.timestamp() * 1000))
    signature = signature_v3("sandbox-hubspot", Posted(URL, {}, body), stamp)
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    take_webhook(system="hubspot", posted=Posted(URL, headers, body), now=now)


def test_a_worker_that_died_leaves_its_messages_to_the_next(crm: Target) -> None:
    tell(crm)
    now = database_now()
    InboxMessage.objects.update(lease_until=now + timedelta(minutes=5), token=1)
    assert (fetch(), waiting_inboxes(now=now)) == (0, [])
    assert fetch(after=301) == 1
    assert InboxMessage.objects.get().attempts == 1


def test_the_deliverer_fetches_without_a_broker(crm: Target) -> None:
    person_sets(crm, mdm_segment="Gold")
    tell(crm, "updated", "mdm_segment")
    call_command("deliver", "--once", "--target", "hubspot")
    assert InboxMessage.objects.get().state == "landed"
    assert SourceRecord.objects.get(system="hubspot").values["segment"] == "Gold"


def test_lost_change_events_have_the_feed_read(crm_server: RunningSandbox) -> None:
    seed()
    target = connect(crm_server, {"salesforce.account": "customer"})
    master("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    deliver("salesforce")
    header = {"entityName": "Account", "recordIds": ["000000000000000AAA"], "changeType": "GAP_OVERFLOW"}
    InboxMessage.objects.create(
        connection=target.connection, message_id="m1", content={"ChangeEventHeader": header}, content_hash=b"x" * 16,
        received_at=database_now(), last_at=database_now(), next_at=database_now(),
    )  # fmt: skip
    assert fetch_inbox(system="salesforce", now=database_now()) == 1
    assert (SourceRecord.objects.filter(system="salesforce").count(), PullFeed.objects.get().landed) == (1, 1)
