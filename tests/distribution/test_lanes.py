"""Lanes follow the outbox in the writer's transaction, one per subscription and record."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import transaction

from apps.distribution.claiming import claim_lanes
from apps.distribution.hints import CHANNEL
from apps.distribution.models import DeliveryAttempt, Lane, TargetState
from apps.distribution.selectors import delivery_state, due_targets
from apps.distribution.services import backfill_subscription
from apps.outbox.models import OutboxEvent
from apps.stewardship.models import ExceptionTask
from tests.distribution.golden import (
    STEWARD,
    T0,
    Target,
    change,
    change_inside,
    connection,
    customer,
    lane_of,
    new_record,
    seconds,
    subscribe,
)

pytestmark = pytest.mark.django_db


def test_a_version_makes_one_lane_per_subscription() -> None:
    erp, crm = connection("netsuite"), connection("salesforce")
    subscribe(erp, "netsuite.customer", priority=10)
    subscribe(crm, "salesforce.account", priority=20)
    subscribe(erp, "netsuite.job", "project")
    record = new_record(customer())
    change(record, customer("Acme Limited"), now=T0 + seconds(5))
    lanes = Lane.objects.filter(record=record).order_by("priority")
    assert list(
        lanes.values_list("connection__code", "last_seq", "done_seq", "next_at", "pending_since")
    ) == [
        ("netsuite", 2, 0, T0, T0),
        ("salesforce", 2, 0, T0, T0),
    ]


def test_an_inactive_subscription_gets_no_lane() -> None:
    subscribe(connection(), "netsuite.customer", active=False)
    new_record(customer())
    assert Lane.objects.count() == 0


def test_a_rolled_back_change_leaves_no_lane_and_delivers_nothing() -> None:
    subscribe(connection(), "netsuite.customer")
    record = new_record(customer())
    Lane.objects.update(done_seq=1, pending_since=None)
    with transaction.atomic():
        change_inside(record, customer("Ghost Ltd"))
        assert lane_of(record).last_seq == 2
        transaction.set_rollback(True)
    assert (lane_of(record).last_seq, OutboxEvent.objects.count()) == (1, 1)
    assert due_targets(now=T0 + seconds(1)) == []


@pytest.mark.django_db(transaction=True)
def test_one_transaction_sends_one_notification() -> None:
    subscribe(connection(), "netsuite.customer")
    database.connection.execute(f"LISTEN {CHANNEL}")
    with transaction.atomic():
        for number in range(3):
            new_record(customer(f"Number {number} Ltd"))
    heard = list(database.connection.notifies(timeout=0.2))
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_hold_the_same_lane() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    TargetState.objects.update(max_inflight=500)
    for number in range(60):
        new_record(customer(f"Number {number} Ltd"))

    def claim(worker: int) -> list[int]:
        taken: list[int] = []
        try:
            while tokens := claim_lanes(
                connection=target, limit=3, worker=str(worker), suspects=True, now=T0 + seconds(1)
            ).tokens:
                taken.extend(tokens)
        finally:
            database.close()
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [lane for lanes in pool.map(claim, range(6)) for lane in lanes]
    assert len(taken) == 60
    assert len(set(taken)) == 60


def test_no_more_lanes_are_out_than_the_target_allows() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    TargetState.objects.update(max_inflight=2, batch_size=3)
    for number in range(10):
        new_record(customer(f"Number {number} Ltd"))
    sizes = [
        len(claim_lanes(connection=target, limit=5, worker="w", suspects=True, now=T0).tokens)
        for _ in range(3)
    ]
    assert sizes == [5, 1, 0]


def test_the_rate_is_kept_and_refills() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    TargetState.objects.update(max_inflight=100, rate_per_second=4.0)
    for number in range(20):
        new_record(customer(f"Number {number} Ltd"))
    claims = [
        claim_lanes(connection=target, limit=50, worker="w", suspects=True, now=T0 + seconds(after))
        for after in (0, 0, 0.5, 60)
    ]
    assert [(len(claim.tokens), claim.gate) for claim in claims] == [(4, ""), (0, "rate"), (2, ""), (4, "")]


def test_a_lease_that_ran_out_is_taken_over_and_counts_a_crash() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    record = new_record(customer())
    first = claim_lanes(connection=target, limit=1, worker="dead", suspects=True, now=T0)
    assert (
        claim_lanes(connection=target, limit=1, worker="w", suspects=True, now=T0 + seconds(19)).tokens == {}
    )
    second = claim_lanes(connection=target, limit=1, worker="w", suspects=True, now=T0 + seconds(21))
    lane = lane_of(record)
    assert (first.tokens, second.tokens) == ({lane.pk: 1}, {lane.pk: 2})
    assert (lane.crash_count, lane.unsure, lane.leased_by) == (1, True, "w")


def test_a_lane_two_workers_died_with_goes_out_alone_and_is_parked_at_the_third() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    TargetState.objects.update(max_inflight=10)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(3)]
    sizes = []
    for round_ in range(6):
        now = T0 + seconds(30 * round_)
        claim = claim_lanes(connection=target, limit=10, worker="w", suspects=True, now=now)
        sizes.append((len(claim.tokens), claim.alone, claim.parked))
    alone = (1, True, 0)
    assert sizes == [(3, False, 0), (3, False, 0), alone, alone, alone, (0, False, 3)]
    lane = lane_of(records[0])
    assert (lane.park_code, lane.crash_count, lane.park_owner) == ("poison", 3, "administrator")
    assert lane.park_reason == "Workers died 3 times while they delivered this version."


def test_a_newer_version_frees_a_parked_lane_but_a_poisoned_one_only_once() -> None:
    subscribe(connection(), "netsuite.customer")
    record = new_record(customer())
    parked = {"parked_at": T0, "park_code": "poison", "park_due": T0, "crash_count": 3}
    Lane.objects.update(**parked)
    change(record, customer("Cured Ltd"))
    assert (lane_of(record).parked_at, lane_of(record).last_seq) == (None, 2)
    Lane.objects.update(**{**parked, "crash_count": 4})
    change(record, customer("Still ill Ltd"))
    assert (lane_of(record).park_code, lane_of(record).last_seq) == ("poison", 3)
    Lane.objects.update(park_code="mapping_error")
    change(record, customer("Cured again Ltd"), now=T0 + seconds(9))
    assert (lane_of(record).park_code, lane_of(record).next_at) == ("", T0 + seconds(9))


def test_backfill_makes_lanes_for_live_records_only_and_once() -> None:
    target = connection()
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(5)]
    change(records[1], customer("Newer Ltd"))
    type(records[0]).objects.filter(pk=records[0].pk).update(status="retired")
    new_record({"name": "no customer"}, entity="project")
    subscription = subscribe(target, "netsuite.customer", priority=10)
    made = [
        backfill_subscription(subscription=subscription, actor=STEWARD, reason="new target", now=T0)
        for _ in range(2)
    ]
    assert made == [4, 0]
    assert set(Lane.objects.values_list("record_id", "last_seq", "priority")) == {
        (record.pk, record.version, 91) for record in records[1:]
    }
    change(records[2], customer("Fresh Ltd"))
    assert lane_of(records[2]).priority == 10


def test_an_ended_attempt_is_never_changed() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    lane = lane_of(new_record(customer()))
    attempt = DeliveryAttempt.objects.create(
        lane=lane,
        connection=target,
        record_id=lane.record_id,
        seq=1,
        op="upsert",
        key=lane.record_id,
        started_at=T0,
        mapping="m",
        mapping_version="1",
        worker="w",
        token=1,
        actor="a",
        correlation_id=lane.record_id,
    )
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(ended_at=T0, outcome="updated")
    with pytest.raises(Exception, match="has ended and is not changed any more"):
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(outcome="created")


def test_a_record_that_breaks_an_invariant_waits_and_others_go_on(erp: Target) -> None:
    held, free = new_record(customer("Held Ltd")), new_record(customer("Free Ltd"))
    task = ExceptionTask.objects.create(
        invariant="test", number=1, entity="customer", record=held, severity="block", message="-", owner="finance",
        holds=True, opened_at=T0, due_at=T0,
    )  # fmt: skip

    assert erp.deliver().outcomes == {"created": 1}
    assert (erp.verbs(held), erp.verbs(free)) == ([], ["created"])
    assert [state.state for state in delivery_state(record_id=held.pk, now=T0 + seconds(2))] == ["held"]
    assert due_targets(now=T0 + seconds(2)) == []

    ExceptionTask.objects.filter(pk=task.pk).update(status="waived", closed_at=T0)
    assert due_targets(now=T0 + seconds(2)) == [erp.connection.code]
    assert erp.deliver(at=2).outcomes == {"created": 1}
