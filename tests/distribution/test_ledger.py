"""The ledger: desired, acknowledged and observed by field; what has no lane is missing and healed."""

from typing import Any

import pytest

from apps.audit.context import Actor
from apps.distribution.engine.masking import MASK
from apps.distribution.ledger import TargetLedger, record_ledger
from apps.distribution.models import Finding, Lane, Observation, ReconciliationRun, Subscription
from apps.distribution.services import observe_record, reconcile_target
from apps.distribution.services.observing import NotReadable
from apps.golden.models import GoldenRecord
from tests.distribution.golden import (
    T0,
    Target,
    activate,
    change,
    closed_port,
    customer,
    merge,
    new_record,
    seconds,
    subscribe,
)
from tests.hub import only

pytestmark = pytest.mark.django_db
ADA = Actor(name="ada", kind="user")


def ledger(record: GoldenRecord, *, clear: bool = True, at: float = 100) -> TargetLedger:
    found: TargetLedger = only(record_ledger(record_id=record.pk, clear=clear, now=T0 + seconds(at)))
    return found


def row(found: TargetLedger, field: str) -> tuple[Any, ...]:
    one = only([each for each in found.fields if each.field == field])
    return one.desired, one.acknowledged, one.observed, one.differs


def look(record: GoldenRecord, target: Target, *, at: float) -> int:
    return observe_record(target=target.connection.code, record_id=record.pk, actor=ADA, now=T0 + seconds(at))


def test_three_values_of_every_field(crm: Target) -> None:
    record = new_record(customer("Acme Ltd", phone="+441132000000"))
    fresh = ledger(record, at=0)
    assert (fresh.state, fresh.observed, fresh.external_id) == ("due", "", "")
    assert row(fresh, "Name") == ("Acme Ltd", None, None, "pending")
    crm.deliver()
    assert row(ledger(record), "Name") == ("Acme Ltd", "Acme Ltd", None, "")
    assert look(record, crm, at=10) == 1
    seen = ledger(record)
    assert (seen.state, seen.observed, seen.differing) == ("in_step", "there", 0)
    assert row(seen, "Phone")[:3] == ("+441132000000",) * 3

    held = crm.server.store.find("Account", ext_id=str(record.pk))
    assert held is not None
    crm.server.store.change_silently(held, {"Name": "Acme Holdings"})
    look(record, crm, at=20)
    drifted = ledger(record)
    assert row(drifted, "Name") == ("Acme Ltd", "Acme Ltd", "Acme Holdings", "drifted")
    assert drifted.differing == 1

    change(record, customer("Acme Group", phone="+441132000000"), now=T0 + seconds(30))
    crm.deliver(at=31)
    after = ledger(record)
    assert (after.observed, row(after, "Name")) == (
        "outdated", ("Acme Group", "Acme Group", "Acme Holdings", ""),
    )  # fmt: skip
    crm.server.store.delete(held)
    assert look(record, crm, at=40) == 0
    assert ledger(record).observed == "absent"


def test_personal_values_are_masked_and_whether_they_differ(erp: Target) -> None:
    activate("netsuite.employee")
    subscribe(erp.connection, "netsuite.employee", "resource")
    record = new_record(
        {
            "worker_id": "100001", "given_name": "Ada", "family_name": "Sea", "employing_entity": "UK01",
            "status": "active",
        },
        entity="resource",
    )  # fmt: skip
    erp.deliver()
    assert row(ledger(record), "firstName") == ("Ada", "Ada", None, "")
    shown = {each.field: each for each in ledger(record, clear=False).fields}
    assert {name for name, each in shown.items() if each.masked} == {"firstName", "lastName"}
    for name in ("firstName", "lastName"):
        one = shown[name]
        assert (one.desired, one.acknowledged, one.observed, one.differs) == (MASK, MASK, None, "hidden")
    assert (shown["entityId"].desired, shown["entityId"].masked) == ("100001", False)


def test_a_merged_record_is_wanted_off(crm: Target) -> None:
    record, survivor = new_record(customer("Old Ltd")), new_record(customer("New Ltd"))
    crm.deliver()
    merge(record, survivor, customer("Old Ltd"), now=T0 + seconds(5))
    found = ledger(record)
    assert found.deactivating is True
    assert {each.field for each in found.fields} == {"Status__c"}
    assert found.differing == 1
    crm.deliver(at=6)
    assert ledger(record).differing == 0


def test_a_target_that_cannot_be_asked_says_so(crm: Target) -> None:
    record = new_record(customer())
    crm.deliver()
    crm.connection.base_url = f"http://127.0.0.1:{closed_port()}"
    crm.connection.save()
    with pytest.raises(NotReadable):
        look(record, crm, at=10)
    assert not Observation.objects.exists()


def reconcile(target: Target, at: float) -> ReconciliationRun:
    return reconcile_target(target=target.connection.code, actor=ADA, now=T0 + seconds(at))


def test_records_without_any_lane_are_missing_and_heal(crm: Target) -> None:
    """The subscription came after them, and nobody ordered a backfill."""
    told = new_record(customer("Told Ltd"))
    Subscription.objects.update(active=False)
    never, retired = new_record(customer("Never Ltd")), new_record(customer("Retired Ltd"))
    GoldenRecord.objects.filter(pk=retired.pk).update(status="retired")
    crm.deliver()
    change(told, customer("Told Group"), now=T0 + seconds(5))  # passes the lane by
    Subscription.objects.update(active=True)
    assert ledger(never).state == "no_lane"
    done = reconcile(crm, 60)
    assert (done.state, done.counts["missing"], done.counts["stale"]) == ("done", 1, 1)
    assert set(Finding.objects.values_list("kind", "state", "record_id")) == {
        ("missing", "healing", never.pk), ("stale", "healing", told.pk),
    }  # fmt: skip
    assert not Lane.objects.filter(record=retired).exists()
    crm.deliver(at=70)
    assert crm.held(never, "Account")["Name"] == "Never Ltd"
    assert crm.held(told, "Account")["Name"] == "Told Group"
    assert reconcile(crm, 120).counts == {"in step": 2}
    assert set(Finding.objects.values_list("state", flat=True)) == {"settled"}


def test_all_pages_of_laneless_records_are_looked_at(crm: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.distribution.services.reconciliation.HEADERS", 2)
    Subscription.objects.update(active=False)
    for number in range(5):
        new_record(customer(f"Firm {number} Ltd"))
    Subscription.objects.update(active=True)
    assert reconcile(crm, 60).counts == {"missing": 5}
    crm.deliver(at=70)
    assert len(crm.server.store.rows("Account")) == 5
