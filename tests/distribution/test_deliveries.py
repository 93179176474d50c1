"""What arrives in a target: values, order, once; and what is written down about it."""

import pytest

from apps.distribution.models import DeliveryAttempt, ExternalRef, Lane
from tests.distribution.golden import T0, Target, change, customer, lane_of, new_record, seconds

pytestmark = pytest.mark.django_db


def test_a_change_arrives_and_is_accounted_for(erp: Target) -> None:
    record = new_record(customer("Acme Ltd", phone="+44113"))
    report = erp.deliver()
    assert (report.claimed, report.outcomes, report.delivered) == (1, {"created": 1}, 1)
    assert erp.held(record, "customer")["companyName"] == "Acme Ltd"
    lane, ref = lane_of(record), ExternalRef.objects.get(record=record)
    assert (lane.done_seq, lane.pending_since, lane.lease_until) == (1, None, None)
    assert (ref.external_id, ref.object, ref.last_seq) == (str(record.pk), "customer", 1)
    assert ref.last_fields["companyName"] == "Acme Ltd"
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.seq, attempt.worker, attempt.token) == ("created", 1, "w1", 1)
    assert attempt.payload is not None
    assert attempt.payload["companyName"] == "Acme Ltd"


def test_only_the_newest_version_goes_to_a_target_of_states(erp: Target) -> None:
    record = new_record(customer("One Ltd"))
    for number in range(5):
        change(record, customer(f"Version {number + 2} Ltd"))
    erp.deliver()
    assert erp.verbs(record) == ["created"]
    assert erp.held(record, "customer")["companyName"] == "Version 6 Ltd"
    assert lane_of(record).done_seq == 6


def test_every_version_goes_in_order_to_a_target_of_events(erp: Target) -> None:
    erp.connection.subscriptions.update(mode="event")
    record = new_record(customer("Version 1 Ltd"))
    for number in range(2, 5):
        change(record, customer(f"Version {number} Ltd"))
    report = erp.deliver()
    assert report.claimed == 4
    attempts = DeliveryAttempt.objects.order_by("started_at", "id")
    assert list(attempts.values_list("seq", flat=True)) == [1, 2, 3, 4]
    assert erp.verbs(record) == ["created", "updated", "updated", "updated"]


def test_the_same_values_again_make_no_call(erp: Target) -> None:
    record = new_record(customer())
    erp.deliver()
    change(record, customer(industry="7022"))
    report = erp.deliver(at=2)
    assert report.outcomes == {"unchanged": 1}
    assert erp.verbs(record) == ["created"]
    assert lane_of(record).done_seq == 2
    assert erp.outcomes(record) == ["created", "unchanged"]


def test_the_idempotency_key_is_the_same_in_every_attempt_at_a_version(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("503", times=2)
    for at in (1, 60, 600):
        erp.deliver(at=at)
    change(record, customer("Other Ltd"))
    erp.deliver(at=601)
    keys = list(DeliveryAttempt.objects.order_by("started_at").values_list("seq", "key"))
    assert [seq for seq, _ in keys] == [1, 1, 1, 2]
    assert len({key for _, key in keys}) == 2
    assert erp.outcomes(record) == ["retry", "retry", "created", "updated"]


def test_parents_go_before_children_and_wake_them(erp: Target) -> None:
    child = new_record(customer("Child Ltd"))
    parent = new_record(customer("Parent Ltd"))
    change(child, customer("Child Ltd", parent=str(parent.pk)))
    erp.server.arm("503", ext_id=str(parent.pk))
    first = erp.deliver()
    assert first.outcomes == {"retry": 1, "waiting": 1}
    waiting = lane_of(child)
    assert (waiting.code, waiting.waiting_for, waiting.attempts) == ("missing_parent", parent.pk, 0)
    Lane.objects.filter(pk=waiting.pk).update(next_at=T0 + seconds(9999))
    second = erp.deliver(at=60)
    assert second.outcomes == {"created": 2}
    there = erp.server.store.find("customer", ext_id=str(parent.pk))
    assert there is not None
    assert erp.held(child, "customer")["parent"] == there.native_id
    assert lane_of(child).waiting_for is None


def test_many_records_arrive_in_batches(crm: Target) -> None:
    crm.limits(max_inflight=3, batch_size=10)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(45)]
    report = crm.deliver()
    assert report.outcomes == {"created": 45}
    assert all(crm.verbs(record) == ["created"] for record in records)
    assert Lane.objects.filter(done_seq=1).count() == 45


def test_one_bad_record_in_a_batch_does_not_hold_up_the_others(crm: Target) -> None:
    crm.limits(max_inflight=1, batch_size=10)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(5)]
    crm.server.arm("block", ext_id=str(records[2].pk))
    report = crm.deliver()
    assert report.outcomes == {"created": 4, "parked": 1}
    assert lane_of(records[2]).park_owner == "data owner"


def test_the_limit_bounds_a_run(erp: Target) -> None:
    for number in range(5):
        new_record(customer(f"Number {number} Ltd"))
    assert [erp.deliver(limit=2).claimed for _ in range(4)] == [2, 2, 1, 0]
