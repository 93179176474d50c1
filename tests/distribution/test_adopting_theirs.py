"""What a person adopts becomes golden where its system may win, though a dated twin says otherwise; else it is told."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from apps.audit.context import Actor, acting
from apps.connectors.sandbox import RunningSandbox
from apps.distribution.models import Finding
from apps.distribution.selectors import database_now
from apps.distribution.services import adopt_finding, deliver_due, pull_changes, reconcile_target
from apps.distribution.services.reconciliation import NotPossible, ToldNewer
from apps.golden.models import GoldenRecord
from apps.mastering.services import write_pins
from apps.pipeline.services import run_pending
from apps.sources.models import SourceRecord
from apps.sources.versions import is_older, newest
from tests.distribution.golden import Target, connect
from tests.hub import account, document_of, land, live, master, only, seed

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Actor(name="ada", kind="user")
NAME, THEIRS = "Northwind Harbour Ltd", "Logistics"
OURS = "Trade"


@pytest.fixture
def both(crm_server: RunningSandbox, erp_server: RunningSandbox) -> tuple[Target, Target]:
    """One customer, told by a dated extract of the CRM under another id than the CRM holds the hub's record by."""
    seed()
    crm = connect(crm_server, {"salesforce.account": "customer"})
    erp = connect(erp_server, {"netsuite.customer": "customer"})
    master("salesforce.accounts", told())
    send(crm, erp)
    return crm, erp


def told() -> dict[str, Any]:
    """Return the twin as the extract tells it: dated, and before the comparison."""
    own = {
        "DunsNumber": "150483782",
        "Segment__c": OURS,
        "Phone": "+442079460001",
        "Selling_Entity__c": "UK01",
    }
    return dict(account("A1", NAME, **own))


def send(*targets: Target) -> None:
    for target in targets:
        deliver_due(target=target.connection.code, limit=100, worker="w1", now=database_now())


def compared(target: Target) -> dict[str, int]:
    run = reconcile_target(target=target.connection.code, actor=ADA, now=database_now())
    assert run.note == ""
    return dict(run.counts)


def drifted(crm: Target, **fields: Any) -> Finding:
    """Change the record over there unasked, and compare."""
    [row] = crm.server.store.rows("Account")
    crm.server.store.change_silently(row, fields or {"Segment__c": THEIRS})
    assert compared(crm) == {"drifted": 1}
    return Finding.objects.get(connection=crm.connection)


def adopted(finding: Finding) -> dict[str, str]:
    kept = adopt_finding(finding=finding.pk, actor=ADA, reason="they know better", now=database_now())
    run_pending()
    return dict(kept)


def segment() -> Any:
    return document_of(only(live("customer")))["segment"]


def seen_at(finding: Finding) -> datetime:
    native = SourceRecord.objects.get(key=finding.native_id)
    return datetime.fromisoformat(native.source_version or "")


def test_what_is_adopted_becomes_golden_though_a_twin_has_a_date(both: tuple[Target, Target]) -> None:
    crm, erp = both
    golden = GoldenRecord.objects.get(pk=only(live("customer")))
    assert erp.held(golden, "customer")["phone"] == "+442079460001"
    finding = drifted(crm, Segment__c=THEIRS, Phone="+442079460000")
    assert adopted(finding) == {}
    assert segment() == THEIRS
    assert seen_at(finding) == finding.last_seen
    send(crm, erp)
    assert erp.held(golden, "customer")["phone"] == "+442079460000"
    assert crm.held(golden, "Account")["Segment__c"] == THEIRS
    assert (compared(crm), compared(erp)) == ({"in step": 1}, {"in step": 1})


def test_reading_the_same_later_changes_nothing(both: tuple[Target, Target]) -> None:
    crm, erp = both
    finding = drifted(crm)
    adopted(finding)
    send(crm, erp)
    golden = GoldenRecord.objects.get(pk=only(live("customer")))
    for _ in range(2):
        pull_changes(target="salesforce", actor=ADA, now=database_now())
        run_pending()
    land("salesforce.accounts", told())
    run_pending()
    assert segment() == THEIRS
    assert seen_at(finding) == finding.last_seen
    assert GoldenRecord.objects.get(pk=golden.pk).version == golden.version
    assert (compared(crm), compared(erp)) == ({"in step": 1}, {"in step": 1})


def test_a_pin_stands_before_it_and_the_person_is_told(both: tuple[Target, Target]) -> None:
    finding = drifted(both[0])
    with acting(ADA), transaction.atomic():
        write_pins(
            record_id=only(live("customer")), values={"segment": "Gold"}, reason="agreed", now=database_now()
        )
    assert adopted(finding) == {"segment": "a person's value is pinned"}
    assert segment() == "Gold"


def test_a_twin_that_was_told_later_wins_and_the_person_is_told(both: tuple[Target, Target]) -> None:
    finding = drifted(both[0])
    later = {"SystemModstamp": "2999-01-01T00:00:00Z"}
    master("salesforce.accounts", {**told(), **later})
    assert adopted(finding) == {"segment": "salesforce stands before it: the winner is newer"}
    assert segment() == OURS


def test_a_value_that_is_gone_over_there_wins_nothing(both: tuple[Target, Target]) -> None:
    kept = adopted(drifted(both[0], Segment__c=None))
    assert kept == {"segment": "salesforce stands before it: it holds nothing there, and that never wins"}
    assert segment() == OURS


def test_a_value_that_is_gone_after_it_was_adopted_is_told_too(both: tuple[Target, Target]) -> None:
    crm, erp = both
    assert adopted(drifted(crm)) == {}
    send(crm, erp)
    [row] = crm.server.store.rows("Account")
    crm.server.store.change_silently(row, {"Segment__c": None})
    compared(crm)
    kept = adopted(Finding.objects.get(connection=crm.connection, state="open"))
    assert kept == {"segment": "salesforce stands before it: it holds nothing there, and that never wins"}
    assert segment() == OURS


def test_what_the_system_has_told_since_is_not_overwritten(both: tuple[Target, Target]) -> None:
    crm, _ = both
    finding = drifted(crm)
    [row] = crm.server.store.rows("Account")
    crm.server.store.change_silently(row, {"Segment__c": "Construction"})
    pull_changes(target="salesforce", actor=ADA, now=database_now())
    with pytest.raises(ToldNewer):
        adopted(finding)
    run_pending()
    finding.refresh_from_db()
    assert finding.state == "open"
    assert SourceRecord.objects.get(key=finding.native_id).values["segment"] == "Construction"


def test_what_the_hub_cannot_land_is_not_called_adopted(both: tuple[Target, Target]) -> None:
    finding = drifted(both[0])
    Finding.objects.filter(pk=finding.pk).update(native_id="\t")
    with pytest.raises(NotPossible, match="cannot take these values"):
        adopted(finding)
    finding.refresh_from_db()
    assert finding.state == "open"


def test_a_counter_and_a_moment_do_not_compare() -> None:
    moment, later = "2026-01-31T12:00:00+00:00", "2026-02-01T00:00:00Z"
    assert not is_older("17", moment)
    assert not is_older("etag", moment)
    assert is_older(moment, later)
    assert is_older("17", "18")
    assert newest(moment, "18") == "18"
    assert newest("17", moment) == moment
    assert newest(later, moment) == newest(later, None) == newest(None, later) == later
