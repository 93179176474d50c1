"""Reconciliation: what a target holds against what it should hold; healing, findings, and what people do with them."""

from typing import Any

import pytest

from apps.audit.context import Actor
from apps.connectors.sandbox import start_sandbox
from apps.distribution.models import (
    DeliveryAttempt,
    Finding,
    FindingState,
    Lane,
    Observation,
    ReconciliationRun,
)
from apps.distribution.services import adopt_finding, push_finding, reconcile_target, waive_finding
from apps.distribution.services.reconciliation import FindingClosed, NotPossible
from apps.golden.models import GoldenRecord
from apps.sources.models import SourceRecord, SourceSystem
from tests.distribution.golden import T0, Target, change, connect, customer, new_record, seconds

pytestmark = pytest.mark.django_db
ADA = Actor(name="ada", kind="user")
OBJECTS = {"netsuite": "customer", "salesforce": "Account"}


@pytest.fixture(params=["erp", "crm"])
def target(request: pytest.FixtureRequest) -> Target:
    chosen: Target = request.getfixturevalue(request.param)
    return chosen


def run(target: Target, at: float, **more: Any) -> ReconciliationRun:
    found = reconcile_target(target=target.connection.code, actor=ADA, now=T0 + seconds(at), **more)
    assert found.note == ""
    return found


def row_of(target: Target, record: GoldenRecord) -> Any:
    return target.server.store.find(OBJECTS[target.server.name], ext_id=str(record.pk))


def silently(target: Target, record: GoldenRecord, **fields: Any) -> None:
    """Change a record over there as a person would, the hub not being told."""
    target.server.store.change_silently(row_of(target, record), fields)


NAME = {"netsuite": "companyName", "salesforce": "Name"}


def test_what_agrees_says_so_for_every_field(target: Target) -> None:
    full = customer(
        "Acme Ltd", phone="+441132000000", email="a@acme.example", domain="acme.example", duns="150483782",
        addresses=[{"kind": "registered", "line1": "1 High St", "city": "Leeds", "country": "GB"}],
        tax_ids=[{"scheme": "vat", "country": "GB", "value": "GB123456789"}],
    )  # fmt: skip
    parent = new_record(full)
    new_record(customer("Child Ltd", parent=str(parent.pk)))
    target.deliver()
    target.deliver(at=60)
    assert run(target, 120).counts == {"in step": 2}
    assert not Finding.objects.exists()
    assert Observation.objects.count() == 2


def test_missing_and_stale_records_heal_with_the_key_they_had(target: Target) -> None:
    gone, old, right = (new_record(customer(name)) for name in ("Gone Ltd", "Old Ltd", "Right Ltd"))
    target.deliver()
    change(old, customer("New Ltd"))
    target.deliver(at=10)
    target.server.store.delete(row_of(target, gone))
    silently(target, old, **{NAME[target.server.name]: "Old Ltd"})
    done = run(target, 60)
    assert (done.state, done.counts) == ("done", {"missing": 1, "stale": 1, "in step": 1})
    assert set(Finding.objects.values_list("kind", "state")) == {("missing", "healing"), ("stale", "healing")}
    target.deliver(at=120)
    assert target.held(old, OBJECTS[target.server.name])[NAME[target.server.name]] == "New Ltd"
    assert target.held(gone, OBJECTS[target.server.name])[NAME[target.server.name]] == "Gone Ltd"
    for record in (gone, old):
        newest = DeliveryAttempt.objects.filter(record_id=record.pk).order_by("-started_at", "-id").first()
        assert newest is not None
        keys = DeliveryAttempt.objects.filter(record_id=record.pk, seq=newest.seq).values_list(
            "key", flat=True
        )
        assert len(set(keys)) == 1
        assert len(keys) == 2
    assert target.verbs(right) == ["created"]
    assert run(target, 180).counts == {"in step": 3}
    assert set(Finding.objects.values_list("state", flat=True)) == {"settled"}


def drifted(target: Target) -> tuple[GoldenRecord, Finding]:
    record = new_record(customer("Acme Ltd", phone="+441132000000"))
    target.deliver()
    silently(target, record, **{NAME[target.server.name]: "Acme Holdings"})
    assert run(target, 60).counts == {"drifted": 1}
    return record, Finding.objects.get()


def test_drift_waits_for_a_person_who_pushes(target: Target) -> None:
    record, finding = drifted(target)
    [field] = finding.fields
    assert {**field, "field": ""} == {
        "field": "", "attribute": "legal_name", "desired": "Acme Ltd", "acknowledged": "Acme Ltd",
        "observed": "Acme Holdings",
    }  # fmt: skip
    target.deliver(at=70)
    assert target.verbs(record) == ["created"]  # nothing is overwritten unasked
    push_finding(finding=finding.pk, actor=ADA, reason="ours is right", now=T0 + seconds(80))
    target.deliver(at=90)
    assert target.held(record, OBJECTS[target.server.name])[NAME[target.server.name]] == "Acme Ltd"
    assert run(target, 120).counts == {"in step": 1}
    finding.refresh_from_db()
    assert finding.state == FindingState.SETTLED
    with pytest.raises(FindingClosed):
        push_finding(finding=finding.pk, actor=ADA, reason="again", now=T0 + seconds(130))


def test_adopted_values_are_landed_as_a_source_record_of_that_system(target: Target) -> None:
    code = target.connection.code
    SourceSystem.objects.get_or_create(code=code, defaults={"name": code, "role": "crm"})
    _, finding = drifted(target)
    adopt_finding(finding=finding.pk, actor=ADA, reason="they know better", now=T0 + seconds(80))
    landed = SourceRecord.objects.get(system=code)
    assert (landed.key, landed.values["legal_name"]) == (finding.native_id, "Acme Holdings")
    assert landed.pending_since is not None
    assert Finding.objects.get().state == FindingState.ADOPTED


def test_a_waived_drift_comes_back_only_when_it_is_another(target: Target) -> None:
    record, finding = drifted(target)
    waive_finding(finding=finding.pk, actor=ADA, reason="known", now=T0 + seconds(70))
    run(target, 120)
    assert Finding.objects.get().state == FindingState.WAIVED
    silently(target, record, **{NAME[target.server.name]: "Acme Group"})
    run(target, 180)
    assert Finding.objects.get().state == FindingState.OPEN


def test_what_the_hub_did_not_create_is_never_touched(target: Target) -> None:
    record = new_record(customer("Acme Ltd"))
    target.deliver()
    row = row_of(target, record)
    stranger = "00000000-0000-7000-8000-000000000001"
    body = {**row.body, **({"MDM_Id__c": stranger} if target.server.name == "salesforce" else {})}
    target.server.store.insert(OBJECTS[target.server.name], body, ext_id=stranger)
    assert run(target, 60).counts == {"in step": 1, "extra": 1}
    finding = Finding.objects.get()
    assert (finding.kind, finding.external_id, finding.state) == ("extra", stranger, "open")
    with pytest.raises(NotPossible):
        push_finding(finding=finding.pk, actor=ADA, reason="try", now=T0 + seconds(70))
    target.deliver(at=80)
    assert target.server.store.find(OBJECTS[target.server.name], ext_id=stranger) is not None


def test_pages_are_resumed_where_a_run_was_left(erp: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.distribution.services.reconciliation.PAGE", 2)
    for number in range(5):
        new_record(customer(f"Company {number} Ltd"))
    erp.deliver()
    erp.server.store.delete(row_of(erp, Lane.objects.order_by("pk")[0].record))
    first = run(erp, 60, seconds=0.000001)
    assert (first.state, first.lease_until) == ("running", None)
    second = run(erp, 61)
    assert second.pk == first.pk
    assert (second.state, second.counts) == ("done", {"in step": 4, "missing": 1})
    assert Lane.objects.get(pk=Finding.objects.get().lane_id).done_seq == 0


def test_a_second_copy_over_there_is_a_duplicate(crm: Target) -> None:
    record = new_record(customer("Acme Ltd"))
    crm.deliver()
    row = row_of(crm, record)
    second = crm.server.store.insert("Account", dict(row.body), ext_id="copy")
    assert run(crm, 60).counts == {"in step": 1, "duplicate": 1}
    finding = Finding.objects.get()
    assert (finding.kind, finding.native_id, finding.record_id) == ("duplicate", second.native_id, record.pk)
    crm.deliver(at=70)
    assert crm.verbs(record) == ["created"]


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("hubspot", "hubspot.company"),
        ("dataverse", "dataverse.account"),
        ("sap", "sap.business_partner"),
        ("tryton", "tryton.party"),
    ],
)
def test_every_system_agrees_with_what_it_was_sent(name: str, mapping: str) -> None:
    server = start_sandbox(name)
    try:
        target = connect(server, {mapping: "customer"})
        for number in range(2):
            new_record(
                customer(
                    f"Acme {number} Ltd", phone="+441132000000", email="a@acme.example", domain="acme.example",
                    addresses=[{"kind": "registered", "line1": "1 High St", "city": "Leeds", "country": "GB"}],
                )
            )  # fmt: skip
        target.deliver()
        assert run(target, 120).counts == {"in step": 2}
        assert list(Finding.objects.all()) == []
    finally:
        server.stop()
