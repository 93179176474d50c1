"""A long feed in the inbox: read in turns, between which single messages go on, and beside deliveries."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database

from apps.audit.context import Actor
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.services import activate_mapping, draft_mapping
from apps.connectors.services.seeding import default_documents
from apps.distribution.hints import notify_inbox
from apps.distribution.models import InboxMessage, PullFeed
from apps.distribution.selectors import database_now, waiting_inboxes
from apps.distribution.services import deliver_due, fetch_inbox, pull_changes
from apps.distribution.tasks import fetch_what_was_named
from apps.sources.models import SourceRecord
from tests.distribution.golden import (
    STEWARD,
    T0,
    Target,
    connect,
    connection,
    customer,
    new_record,
    subscribe,
)
from tests.distribution.processes import eventually, forked
from tests.hub import erp_customer, master, seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crm(crm_server: RunningSandbox) -> Target:
    """The seeded hub; five customers of the ERP were delivered to the CRM, which hub and CRM both know."""
    seed()
    target = connect(crm_server, {"salesforce.account": "customer"})
    rows = [erp_customer(str(number), f"Harbour Number {number} Ltd") for number in range(1, 6)]
    master("netsuite.customers", *rows)
    deliver_due(target="salesforce", limit=100, worker="w1", now=database_now())
    assert len(target.server.store.rows("Account")) == 5
    return target


def tell(target: Target, number: int, *, kind: str = "GAP_OVERFLOW", native: str = "0" * 15 + "AAA") -> None:
    """Have a change event wait that names one record, or by its kind all of them."""
    header = {"entityName": "Account", "recordIds": [native], "changeType": kind}
    now = database_now()
    InboxMessage.objects.create(
        connection=target.connection, message_id=f"m{number}", content={"ChangeEventHeader": header},
        content_hash=bytes([number]) * 16, received_at=now, last_at=now, next_at=now,
    )  # fmt: skip


def states() -> list[tuple[str, str]]:
    return list(InboxMessage.objects.order_by("message_id").values_list("state", "code"))


def turn() -> int:
    return fetch_inbox(system="salesforce", now=database_now())


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.distribution.services.pulling.PAGE", 1)
    monkeypatch.setattr("apps.distribution.services.fetching.PAGES", 2)


@pytest.mark.usefixtures("small_pages")
def test_a_long_feed_is_read_in_turns_and_its_message_settled_at_the_end(crm: Target) -> None:
    tell(crm, 1)
    seen = []
    for _ in range(3):
        seen.append((turn(), SourceRecord.objects.filter(system="salesforce").count(), states()))
    reading = [("waiting", "reading")]
    assert seen == [(0, 2, reading), (0, 4, reading), (1, 5, [("landed", "")])]
    assert waiting_inboxes(now=database_now()) == []
    assert InboxMessage.objects.get().attempts == 0


@pytest.mark.usefixtures("small_pages")
def test_every_mapping_of_the_object_begins_in_the_first_turn(crm: Target) -> None:
    """Only then is the overlap read, so who began later would pass over what became visible late."""
    [text] = [each for each in default_documents() if each.startswith("mapping: salesforce.account\n")]
    second = draft_mapping(
        text=text.replace("salesforce.account", "salesforce.twin", 1), actor=STEWARD, now=T0
    )
    activate_mapping(mapping=second, actor=STEWARD, now=T0)
    subscribe(crm.connection, "salesforce.twin", priority=99)
    tell(crm, 1)
    turn()
    assert [feed.pages for feed in PullFeed.objects.all()] == [2, 2]
    while waiting_inboxes(now=database_now()):
        turn()
    assert states() == [("landed", "")]


@pytest.mark.usefixtures("small_pages")
def test_what_comes_meanwhile_goes_first(crm: Target) -> None:
    tell(crm, 1)
    assert turn() == 0
    tell(crm, 2, kind="UPDATE", native=crm.server.store.rows("Account")[4].native_id)
    assert turn() == 1
    assert states() == [("waiting", "reading"), ("landed", "")]


@pytest.mark.usefixtures("small_pages")
def test_a_worker_of_the_broker_goes_on_turn_by_turn(crm: Target) -> None:
    tell(crm, 1)
    assert fetch_what_was_named("salesforce") == 1
    assert states() == [("landed", "")]


def test_a_feed_that_cannot_be_read_holds_up_no_single_message(
    crm: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(crm, 1)
    tell(crm, 2, kind="UPDATE", native=crm.server.store.rows("Account")[0].native_id)
    serve = crm.server.system.serve

    def no_feed(request: Any) -> Any:
        if request.path.endswith("/queryAll"):
            request.headers["authorization"] = "Bearer nobody"
        return serve(request)

    monkeypatch.setattr(crm.server.system, "serve", no_feed)
    assert turn() == 1
    assert [state for state, _ in states()] == ["waiting", "landed"]
    assert waiting_inboxes(now=database_now() + timedelta(hours=1)) == ["salesforce"]


def test_deliveries_go_on_while_an_inbox_is_read(crm: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, opened = threading.Event(), threading.Event()
    serve = crm.server.system.serve

    def slow(request: Any) -> Any:
        if request.path.endswith("/queryAll") and not reached.is_set():
            reached.set()
            opened.wait(60)
        return serve(request)

    monkeypatch.setattr(crm.server.system, "serve", slow)
    tell(crm, 1)
    with forked(lambda: call_command("deliver")) as worker:
        assert reached.wait(30)
        record = new_record(customer("Quay Works Ltd"), now=database_now())
        eventually(lambda: crm.verbs(record) == ["created"], within=20)
        assert states() == [("waiting", "")]
        opened.set()
        eventually(lambda: states() == [("landed", "")])
        worker.terminate()
        worker.join(15)
        assert worker.exitcode == 0


def test_news_wakes_a_running_deliverer_again_and_again(crm: Target) -> None:
    with forked(lambda: call_command("deliver")) as worker:
        eventually(lambda: _sessions() >= 2)  # the listener, the target
        for number in (1, 2):
            tell(crm, number)
            notify_inbox()
            eventually(lambda: {state for state, _ in states()} == {"landed"})
        worker.terminate()
        worker.join(15)
        assert worker.exitcode == 0


def test_what_fails_holds_up_no_other_when_all_is_done_once(crm: Target) -> None:
    subscribe(connection("aa-broken", kind="nobody"), "salesforce.account")
    record = new_record(customer("Quay Works Ltd"), now=database_now())
    with pytest.raises(CommandError, match="deliver-aa-broken"):
        call_command("deliver", once=True)
    assert crm.verbs(record) == ["created"]


def test_an_idle_inbox_holds_no_connection_of_the_database(crm: Target) -> None:
    with forked(lambda: call_command("deliver")) as worker:
        eventually(lambda: _sessions() >= 2)  # the listener, the target
        before = _sessions()
        tell(crm, 1)
        eventually(lambda: states() == [("landed", "")])
        eventually(lambda: _sessions() <= before)
        worker.terminate()
        worker.join(15)


def _sessions() -> int:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found: int = cursor.fetchone()[0]
        return found


def test_a_pull_reads_the_same_pages(crm: Target) -> None:
    found = pull_changes(target="salesforce", actor=Actor(name="test"), now=database_now())
    assert (found.read, found.landed, PullFeed.objects.get().note) == (5, 5, "")
