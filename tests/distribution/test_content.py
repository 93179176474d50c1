"""What goes along: who caused it, masked personal values; and what happens to merged records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.context import Actor, acting
from apps.connectors.selectors import active_mappings
from apps.core.ids import uuid7
from apps.distribution.engine.comparing import holds
from apps.distribution.engine.masking import MASK
from apps.distribution.models import DeliveryAttempt, ExternalRef, TargetState
from apps.distribution.selectors import attempts_timeline, delivery_state, target_counters
from apps.distribution.services import ensure_default_subscriptions
from apps.golden.models import GoldenRecord
from tests.distribution.golden import (
    STEWARD,
    T0,
    Target,
    activate,
    change,
    customer,
    lane_of,
    merge,
    new_record,
    seconds,
    subscribe,
)

PERSON = {
    "worker_id": "100001", "given_name": "Adelaide", "family_name": "Byronova", "name": "Adelaide Byronova",
    "email": "adelaide@example.com", "phone": "+441134960000", "employing_entity": "UK01", "hire_date": "2020-02-03",
    "role": "Consultant", "status": "active",
}  # fmt: skip


@pytest.mark.django_db
def test_the_attempt_names_who_caused_the_change_and_the_transaction(erp: Target) -> None:
    correlation = uuid7()
    with acting(Actor(name="grace", kind="user"), reason="new terms", correlation_id=correlation):
        record = new_record(customer())
    erp.deliver()
    (attempt,) = attempts_timeline(correlation_id=correlation)
    assert (attempt.actor, attempt.record_id, attempt.outcome) == ("grace", record.pk, "created")
    assert attempt.mapping == "netsuite.customer"
    assert attempt.mapping_version == "1"


@pytest.mark.django_db
@pytest.mark.parametrize("status", [400, 403])
def test_personal_attributes_are_masked_in_attempts_and_in_what_the_target_says(
    erp: Target, status: int
) -> None:
    activate("netsuite.employee")
    subscribe(erp.connection, "netsuite.employee", "resource")
    record = new_record(PERSON, entity="resource")
    erp.server.arm(
        "answer", status=status, body={"title": "no: Adelaide BYRONOVA <adelaide@example.com> is known"}
    )
    erp.deliver()
    attempt = DeliveryAttempt.objects.get(record_id=record.pk)
    assert attempt.payload is not None
    shown = {name: attempt.payload[name] for name in ("firstName", "lastName", "email", "phone", "hireDate")}
    assert set(shown.values()) == {MASK}
    assert attempt.payload["entityId"] == "100001"
    lane, state = lane_of(record), TargetState.objects.get(connection=erp.connection)
    kept = f"{attempt.message} {attempt.response} {lane.park_reason} {lane.note} {state.hold_note}".lower()
    assert bool(state.hold_note) == (status == 403)
    assert "byronova" not in kept
    assert "adelaide" not in kept
    assert MASK in attempt.message
    assert erp.server.effects() == []


@pytest.mark.django_db
def test_a_merged_record_is_switched_off_never_deleted_and_its_children_point_at_the_survivor(
    erp: Target,
) -> None:
    survivor, loser = new_record(customer("Acme Ltd")), new_record(customer("ACME Limited"))
    erp.deliver()
    merge(loser, survivor, customer("ACME Limited"))
    assert erp.deliver(at=2).outcomes == {"updated": 1}
    assert erp.held(loser, "customer")["isInactive"] is True
    assert erp.held(loser, "customer")["companyName"] == "ACME Limited"
    assert erp.verbs(loser) == ["created", "updated"]
    assert ExternalRef.objects.get(record=loser).deactivated
    child = new_record(customer("Child Ltd", parent=str(loser.pk)))
    erp.deliver(at=3)
    there = erp.server.store.find("customer", ext_id=str(survivor.pk))
    assert there is not None
    assert erp.held(child, "customer")["parent"] == there.native_id


@pytest.mark.django_db
def test_a_record_merged_before_it_ever_went_out_makes_no_call(erp: Target) -> None:
    survivor, loser = new_record(customer("Acme Ltd")), new_record(customer("ACME Limited"))
    merge(loser, survivor, customer("ACME Limited"))
    assert erp.deliver().outcomes == {"created": 1, "skipped": 1}
    assert erp.verbs(loser) == []


@pytest.mark.django_db
def test_an_unmerged_record_is_switched_on_again(erp: Target) -> None:
    survivor, loser = new_record(customer("Acme Ltd")), new_record(customer("ACME Limited"))
    erp.deliver()
    merge(loser, survivor, customer("ACME Limited"))
    erp.deliver(at=2)
    GoldenRecord.objects.filter(pk=loser.pk).update(status="live", merged_into=None)
    change(loser, customer("ACME Limited"), kind="unmerged")
    assert erp.deliver(at=3).outcomes == {"updated": 1}
    assert erp.held(loser, "customer")["isInactive"] is False
    assert not ExternalRef.objects.get(record=loser).deactivated


@pytest.mark.django_db
def test_the_monitor_counts_each_lane_once(erp: Target) -> None:
    fine, refused, outage = (new_record(customer(f"Number {number} Ltd")) for number in range(3))
    child = new_record(customer("Child Ltd", parent=str(outage.pk)))
    erp.server.arm("duplicate", ext_id=str(refused.pk))
    erp.server.arm("503", ext_id=str(outage.pk))
    erp.deliver()
    new_record(customer("Due Ltd"), now=T0 + seconds(2))
    (counters,) = target_counters(now=T0 + seconds(2))
    assert (counters.connection, counters.lanes, counters.enabled, counters.paused) == (
        "netsuite",
        5,
        True,
        False,
    )
    parts = (counters.in_step, counters.in_flight, counters.due, counters.waiting, counters.backing_off)
    assert (*parts, counters.parked) == (1, 0, 1, 1, 1, 1)
    assert (counters.delivered, counters.failed, counters.lag_seconds) == (1, 2, 2.0)
    states = {
        record.pk: delivery_state(record_id=record.pk, now=T0 + seconds(2))[0] for record in (fine, child)
    }
    assert (states[fine.pk].state, states[fine.pk].external_id) == ("in_step", str(fine.pk))
    assert (states[child.pk].state, states[child.pk].code) == ("waiting", "missing_parent")


@pytest.mark.django_db
def test_defaults_subscribe_each_target_to_its_own_mappings_once(erp: Target, crm: Target) -> None:
    activate("netsuite.job", "netsuite.engagement", "salesforce.project")
    made = ensure_default_subscriptions(actor=STEWARD, now=T0)
    there = {mapping.name for mapping in active_mappings() if mapping.system in ("netsuite", "salesforce")}
    assert {row.mapping for row in made} == there - {"netsuite.customer", "salesforce.account"}
    assert {"netsuite.engagement", "netsuite.job", "salesforce.project"} <= {row.mapping for row in made}
    assert ensure_default_subscriptions(actor=STEWARD, now=T0) == []
    priorities = {row.entity: row.priority for row in made}
    assert priorities["engagement"] < priorities["project"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    written=st.dictionaries(st.text(max_size=3), JSON, max_size=4),
    more=st.dictionaries(st.text(min_size=4), JSON),
)
def test_a_target_with_more_fields_still_holds_what_was_written(written: dict, more: dict) -> None:
    assert holds(written, {**written, **more})


def test_a_target_with_another_value_does_not() -> None:
    assert holds({"a": "1.50", "b": {"id": "4"}, "c": None}, {"a": 1.5, "b": {"id": 4, "name": "EUR"}})
    assert not holds({"a": "1.51"}, {"a": 1.5})
    assert not holds({"a": "x"}, {})
    assert not holds({"a": False}, {"a": None})
    assert not holds({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]})
    assert not holds({"a": True}, {"a": 1})
