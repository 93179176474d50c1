"""A mapping tried on live records before it is in force, and what is delivered again once it is."""

from typing import Any

import pytest

from apps.audit.context import Actor
from apps.connectors.mappings import compile_mapping
from apps.connectors.models import Connection, Mapping
from apps.connectors.services import draft_mapping
from apps.connectors.services.seeding import default_documents
from apps.core.errors import Conflict
from apps.distribution.models import DeliveryAttempt, ExternalRef, Lane, MappingRun
from apps.distribution.services import (
    activate_outbound,
    cancel_mapping_run,
    start_redelivery,
    start_simulation,
    work_on_mapping_run,
)
from apps.distribution.services.mapping_runs import MappingRunBusy, NotOutbound
from tests.distribution.golden import (
    T0,
    Target,
    activate,
    change,
    customer,
    lane_of,
    new_record,
    seconds,
    subscribe,
)

pytestmark = pytest.mark.django_db
ADA = Actor(name="ada", kind="user")
ERP = next(text for text in default_documents() if text.startswith("mapping: netsuite.customer\n"))
EMPLOYEE = next(text for text in default_documents() if text.startswith("mapping: netsuite.employee\n"))
MARY = {
    "worker_id": "100001", "given_name": "Mary", "family_name": "Sea", "employing_entity": "UK01",
    "phone": "+441132001914", "status": "active",
}  # fmt: skip
SHORT = "{hub: legal_name, remote: companyName, required: true, max: 83}"


def draft(text: str) -> Mapping:
    return draft_mapping(text=text, actor=ADA, now=T0)


def done(run: MappingRun, *, at: float = 60, **more: Any) -> MappingRun:
    return work_on_mapping_run(run_id=run.pk, actor=ADA, now=T0 + seconds(at), **more)


def simulated(text: str) -> MappingRun:
    run = done(start_simulation(mapping=draft(text), actor=ADA, now=T0))
    assert (run.state, run.note) == ("done", "")
    return run


def shouted(text: str = ERP) -> str:
    """The shipped mapping with trade names in capitals, and names of at most 10 characters."""
    louder = text.replace(
        "{hub: trade_name, remote: altName, max: 83, on_too_long: truncate}",
        "{hub: trade_name, remote: altName, to: [upper], from: [trim], loss: capitals only}",
    )
    return louder.replace(SHORT, SHORT.replace("83", "10"))


def test_a_simulation_tells_field_by_field_what_would_change(erp: Target) -> None:
    for name, trade in (("Acme Ltd", "Acme"), ("Quay Ltd", "QUAY"), ("A Very Long Name Ltd", "Long")):
        new_record(customer(name, trade_name=trade))
    erp.deliver()
    new_record(customer("Later Ltd", trade_name="Later"))
    before = list(Lane.objects.order_by("pk").values())
    run = simulated(shouted())
    assert (run.total, run.done, run.against) == (4, 4, 1)
    assert run.counts == {
        "records": 4, "changed": 2, "same": 1, "refused": 1, "deliveries": 2, "dead_letters_cured": 0,
        "never_delivered": 0,
    }  # fmt: skip
    assert run.fields == {"altName": {"changed": 2}}
    assert run.refused == {
        "companyName": {"count": 1, "newly": 1, "example": "has 20 characters, the target takes 10"}
    }
    assert run.losses["altName"]["count"] == 2
    assert run.losses["altName"]["reason"] == "capitals only"
    changed = sorted(sample["fields"][0] for sample in run.samples if sample["kind"] == "changed")
    assert changed == [["altName", "Acme", "ACME"], ["altName", "Later", "LATER"]]
    assert list(Lane.objects.order_by("pk").values()) == before
    assert DeliveryAttempt.objects.count() == 3


def test_samples_are_kept_masked_beside_the_clear(erp: Target) -> None:
    activate("netsuite.employee")
    subscribe(erp.connection, "netsuite.employee", "resource")
    new_record(MARY, entity="resource")
    run = simulated(EMPLOYEE.replace("remote: phone, max: 32", "remote: homePhone, max: 32"))
    assert run.samples
    assert "1914" in str([sample["fields"] for sample in run.samples])
    assert "1914" not in str([sample["masked"] for sample in run.samples])


def test_what_only_the_version_in_force_writes_is_masked_too(erp: Target) -> None:
    activate("netsuite.employee")
    subscribe(erp.connection, "netsuite.employee", "resource")
    new_record(MARY, entity="resource")
    run = simulated(EMPLOYEE.replace("lastName", "surname"))
    clear = [field for sample in run.samples for field in sample["fields"]]
    assert ["lastName", "Sea", None] in clear
    assert "'Sea'" not in str([sample["masked"] for sample in run.samples])


def test_what_the_targets_own_catalog_refuses_is_told(erp: Target) -> None:
    new_record(customer("Acme Ltd", number="ACME-0001"))
    erp.deliver()
    fields = [
        {"name": name, "type": kind, "required": False, "max_length": longest, "writable": True,
         "external_id": False, "reference_to": []}
        for name, kind, longest in (("companyName", "string", 5), ("externalId", "string", None))
    ]  # fmt: skip
    catalog = {"objects": [{"name": "customer", "label": "Customer", "fields": fields}]}
    Connection.objects.filter(pk=erp.connection.pk).update(catalog=catalog)
    run = simulated(ERP + "# the same again\n")
    assert run.counts["still_refused"] == 1
    assert run.refused["companyName"] == {
        "count": 1, "newly": 0, "example": "has 8 characters, the target takes 5",
    }  # fmt: skip


def test_runs_go_on_where_they_were_left(erp: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.distribution.trying.page.PAGE", 2)
    for number in range(5):
        new_record(customer(f"Company {number}", trade_name="low"))
    erp.deliver()
    run = start_simulation(mapping=draft(shouted()), actor=ADA, now=T0)
    with pytest.raises(MappingRunBusy):
        start_simulation(mapping=run.mapping, actor=ADA, now=T0)
    left = done(run, seconds=0.0)
    assert (left.state, left.done) == ("running", 0)
    MappingRun.objects.filter(pk=run.pk).update(lease_until=T0 + seconds(600))
    with pytest.raises(MappingRunBusy):
        done(run)
    MappingRun.objects.filter(pk=run.pk).update(lease_until=None)
    finished = done(run)
    assert (finished.state, finished.done, finished.counts["changed"]) == ("done", 5, 5)
    with pytest.raises(Conflict):
        cancel_mapping_run(run=run, actor=ADA, now=T0)


def test_a_cancelled_run_stops(erp: Target) -> None:
    new_record(customer())
    erp.deliver()
    run = start_simulation(mapping=draft(shouted()), actor=ADA, now=T0)
    cancel_mapping_run(run=run, actor=ADA, now=T0)
    assert (done(run).state, done(run).done) == ("cancelled", 0)


def test_activation_delivers_again_only_what_changes_with_another_key(erp: Target) -> None:
    low, loud = (new_record(customer("Acme Ltd", trade_name=name)) for name in ("Acme", "ACME"))
    long = new_record(customer("A Very Long Name Ltd"))
    erp.deliver()
    run = activate_outbound(mapping=draft(shouted()), redeliver=True, actor=ADA, now=T0 + seconds(10))
    assert run is not None
    assert done(run, at=20).counts["sent_again"] == 1
    assert {lane_of(low).priority, lane_of(loud).priority} == {91, 10}
    erp.deliver(at=30)
    assert erp.held(low, "customer")["altName"] == "ACME"
    assert erp.verbs(low) == ["created", "updated"]
    assert erp.verbs(loud) == erp.verbs(long) == ["created"]
    first, second = DeliveryAttempt.objects.filter(record=low).order_by("started_at")
    assert (first.seq, second.seq, first.mapping_version, second.mapping_version) == (1, 1, "1", "2")
    assert first.key != second.key
    assert ExternalRef.objects.get(record=low).mapping_version == "2"
    change(low, customer("Acme Ltd", trade_name="Next"))
    assert lane_of(low).priority == 10


def test_only_newer_changes_where_the_steward_wants_no_more(erp: Target) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    erp.deliver()
    assert activate_outbound(mapping=draft(shouted()), redeliver=False, actor=ADA, now=T0) is None
    erp.deliver(at=30)
    assert erp.verbs(record) == ["created"]
    change(record, customer("Acme Ltd", trade_name="Newer"))
    erp.deliver(at=40)
    assert erp.held(record, "customer")["altName"] == "NEWER"


def test_dead_letters_that_a_version_cures_go_out_again(erp: Target) -> None:
    tight = draft(ERP.replace(SHORT, SHORT.replace("83", "9")))
    activate_outbound(mapping=tight, redeliver=False, actor=ADA, now=T0)
    record = new_record(customer("Quay Works Ltd"))
    erp.deliver()
    assert lane_of(record).park_code == "mapping_error"
    wide = draft(ERP + "# wide again\n")
    run = done(start_simulation(mapping=wide, actor=ADA, now=T0))
    assert (run.counts["cured"], run.counts["dead_letters_cured"], run.refused) == (1, 1, {})
    [sample] = run.samples
    assert sample["refusals"] == [["companyName", "has 14 characters, the target takes 9"]]
    started = activate_outbound(mapping=wide, redeliver=True, actor=ADA, now=T0 + seconds(5))
    assert started is not None
    assert done(started).counts["replayed"] == 1
    erp.deliver(at=70)
    assert erp.verbs(record) == ["created"]
    keys = DeliveryAttempt.objects.filter(record=record).values_list("key", flat=True)
    assert len(set(keys)) == 1


def test_a_mapping_nobody_takes_is_tried_for_its_system(erp: Target) -> None:
    new_record(customer("Acme Ltd"))
    text = ERP.replace("mapping: netsuite.customer\n", "mapping: netsuite.other\n")
    run = simulated(text)
    assert compile_mapping(text).name == "netsuite.other"
    assert (run.against, run.counts["new"], run.counts["never_delivered"]) == (None, 1, 1)


def test_layouts_are_not_delivered(erp: Target) -> None:
    text = next(text for text in default_documents() if text.startswith("layout: netsuite.customers\n"))
    with pytest.raises(NotOutbound):
        start_simulation(mapping=draft(text), actor=ADA, now=T0)
    with pytest.raises(Conflict):
        start_redelivery(mapping=draft(ERP), actor=ADA, now=T0)
