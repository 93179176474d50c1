"""The timeline of a record from a system's word to the targets that have it, and the monitor's figures."""

from datetime import timedelta
from typing import Any

import pytest

from apps.audit.context import Actor
from apps.connectors.sandbox import RunningSandbox, start_sandbox
from apps.distribution.monitoring import TargetHealth, target_health
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due, pause_target, pull_changes
from apps.monitoring.contracts import RecordTimeline
from apps.monitoring.selectors import record_timeline
from apps.pipeline.services import run_pending
from apps.sources.services import land_posted
from tests.distribution.golden import Target, closed_port, connect
from tests.hub import account, erp_customer, live, only, seed

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Actor(name="ada", kind="user")


@pytest.fixture
def crm() -> Any:
    seed()
    server: RunningSandbox = start_sandbox("salesforce")
    yield connect(server, {"salesforce.account": "customer"})
    server.stop()


def land(layout: str, row: Any) -> None:
    land_posted(layout_name=layout, records=[row], mode="full", origin="test", now=database_now())
    run_pending()


def deliver() -> None:
    deliver_due(target="salesforce", limit=100, worker="w1", now=database_now())


def story(**more: Any) -> RecordTimeline:
    return record_timeline(record_id=only(live("customer")), likeness=True, now=database_now(), **more)


def health() -> TargetHealth:
    return only(target_health(now=database_now()))


def test_from_the_word_of_a_system_to_the_target_that_has_it(crm: Target) -> None:
    told = {"custentity_duns": "150483782", "phone": "+44 113 200 4000"}
    land("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", **told))
    waiting = only(story().versions)
    assert [(each.connection, each.state, each.acknowledged_at) for each in waiting.arrivals] == [
        ("salesforce", "due", None)
    ]
    deliver()
    version = only(story().versions)
    heard, arrived = only(version.landings), only(version.arrivals)
    assert (heard.system, heard.key, heard.joined.method) == ("netsuite", "77", "new")
    assert heard.told_at is not None
    assert heard.told_at <= heard.landed_at <= heard.standardized_at <= version.at
    assert (arrived.seq, arrived.state, arrived.attempts) == (1, "created", 1)
    assert version.at <= arrived.first_at <= arrived.acknowledged_at
    assert 0 <= version.mastered_in < 60
    assert 0 <= version.arrived_in < 60

    pull_changes(target="salesforce", actor=ADA, now=database_now())
    run_pending()
    echoed = story()
    assert [(each.system, each.origin) for each in echoed.quiet] == [("salesforce", "pulled from salesforce")]
    assert only(only(echoed.versions).arrivals).echo_at == echoed.quiet[0].landed_at

    more = {**told, "custentity_industry": "x", "email": "office@northwind.example"}
    changed = {
        **erp_customer("77", "Northwind Harbour Ltd", **more),
        "lastModifiedDate": "2026-02-02T00:00:00Z",
    }
    land("netsuite.customers", changed)
    second, first = story().versions
    assert (second.seq, first.seq) == (2, 1)
    assert [each.key for each in second.landings] == ["77"]
    assert [each.key for each in first.landings] == ["77"]
    older = story(before=2)
    assert ([each.seq for each in older.versions], older.quiet, older.before) == ([1], (), None)


def test_a_second_system_is_matched_with_its_score(crm: Target) -> None:
    land("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    land("salesforce.accounts", account("A1", "Northwind Harbour Limited", DunsNumber="150483782", Phone="1"))
    joined = [
        each.joined
        for version in story().versions
        for each in version.landings
        if each.system == "salesforce"
    ] + [each.joined for each in story().quiet if each.system == "salesforce"]
    assert only(joined).method in ("match", "key")
    hidden = record_timeline(record_id=only(live("customer")), likeness=False, now=database_now())
    landings = [each for version in hidden.versions for each in version.landings] + list(hidden.quiet)
    assert all(each.joined is None or each.joined.probability is None for each in landings)


def test_the_monitor_counts_the_last_hour(crm: Target) -> None:
    land("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    before = health()
    assert (before.counters.due, before.hour.delivered, before.hour.p50) == (1, 0, None)
    assert before.counters.lag_seconds >= 0
    deliver()
    after = health()
    assert (after.counters.in_step, after.hour.delivered, after.hour.failed) == (1, 1, 0)
    assert after.hour.p50 == after.hour.p99
    assert 0 < after.hour.p50 < 60
    assert after.oldest_pull is None
    pull_changes(target="salesforce", actor=ADA, now=database_now())
    assert health().oldest_pull is not None
    later = only(target_health(now=database_now() + timedelta(hours=2)))
    assert (later.hour.delivered, later.hour.p50) == (0, None)


def test_the_monitor_shows_what_is_wrong(crm: Target) -> None:
    land("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    crm.connection.base_url = f"http://127.0.0.1:{closed_port()}"
    crm.connection.save()
    deliver()
    sick = health()
    assert (sick.hour.failed, sick.counters.backing_off) == (1, 1)
    version = only(story().versions)
    arrived = only(version.arrivals)
    assert (arrived.acknowledged_at, arrived.attempts, arrived.state) == (None, 1, "backing_off")
    assert arrived.message
    assert version.arrived_in is None
    pause_target(target="salesforce", actor=ADA, reason="maintenance", now=database_now())
    assert health().counters.paused is True
