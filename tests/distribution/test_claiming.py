"""What a worker does between a change and its call: looks lock nothing, limits hold, nobody waits for others."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.db import connection as database
from django.db import transaction

from apps.connectors.sandbox import RunningSandbox
from apps.distribution.claiming import Claim, claim_lanes
from apps.distribution.contracts import RunReport
from apps.distribution.facts import LaneFacts, load_facts
from apps.distribution.models import DeliveryAttempt, Lane, TargetState
from apps.distribution.services import deliver_due
from tests.distribution.golden import (
    T0,
    Target,
    connect,
    connection,
    customer,
    lane_of,
    new_record,
    seconds,
    subscribe,
)
from tests.distribution.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_a_look_at_a_target_with_nothing_due_waits_for_nobody(pool: ThreadPoolExecutor) -> None:
    target = connection()
    subscribe(target, "netsuite.customer")

    def look() -> Claim:
        try:
            return claim_lanes(connection=target, limit=5, worker="w", suspects=True, now=T0)
        finally:
            database.close()

    with transaction.atomic():
        TargetState.objects.select_for_update().get(connection=target)
        assert pool.submit(look).result(10) == Claim({})


def test_claims_at_one_moment_keep_the_limit_together(pool: ThreadPoolExecutor) -> None:
    """Each must see what the others had leased before they gave the target's row away."""
    target = connection()
    subscribe(target, "netsuite.customer")
    TargetState.objects.update(max_inflight=5)
    for number in range(40):
        new_record(customer(f"Number {number} Ltd"))
    start = threading.Barrier(8)

    def claim(worker: int) -> int:
        try:
            database.ensure_connection()
            start.wait(20)
            now = T0 + seconds(1)
            claim = claim_lanes(connection=target, limit=3, worker=str(worker), suspects=True, now=now)
            return len(claim.tokens)
        finally:
            database.close()

    assert sorted(pool.map(claim, range(8))) == [0, 0, 0, 0, 0, 0, 2, 3]
    assert Lane.objects.filter(lease_until__isnull=False).count() == 5


def test_a_claim_closes_what_a_dead_worker_left_open() -> None:
    target = connection()
    subscribe(target, "netsuite.customer")
    lane = lane_of(new_record(customer()))
    DeliveryAttempt.objects.create(
        lane=lane, connection=target, record_id=lane.record_id, seq=1, op="upsert", key=lane.record_id, started_at=T0,
        mapping="m", mapping_version="1", worker="dead", token=0, actor="a", correlation_id=lane.record_id,
    )  # fmt: skip
    claim_lanes(connection=target, limit=1, worker="w", suspects=True, now=T0 + seconds(1))
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.ended_at) == ("crashed", "worker_lost", T0 + seconds(1))


def test_a_change_goes_out_beside_a_call_that_has_not_come_back(
    transactional_db: None, erp_server: RunningSandbox, pool: ThreadPoolExecutor
) -> None:
    erp: Target = connect(erp_server, {"netsuite.customer": "customer"})
    slow = new_record(customer("Slow Ltd"))
    erp.server.arm("hang", seconds=8, ext_id=str(slow.pk))
    bell = threading.Event()

    def deliver() -> RunReport:
        try:
            return deliver_due(target="netsuite", limit=500, worker="w", now=T0 + seconds(1), bell=bell)
        finally:
            database.close()

    running = pool.submit(deliver)
    eventually(lambda: not erp.server.system.faults.armed())  # the call has reached the target
    quick = new_record(customer("Quick Ltd"))
    bell.set()
    eventually(lambda: erp.verbs(quick) == ["created"], within=5)
    eventually(lambda: Lane.objects.filter(record=quick, done_seq=1).exists(), within=5)
    assert not running.done()
    assert running.result(30).outcomes == {"created": 1, "retry": 1}


def test_changes_gather_while_as_many_calls_are_out_as_go_at_once(
    transactional_db: None, erp_server: RunningSandbox, pool: ThreadPoolExecutor
) -> None:
    """A call more would wait in the worker with its lease, and go out with what was true when it was drafted."""
    erp = connect(erp_server, {"netsuite.customer": "customer"}, max_inflight=1, batch_size=5)
    slow = new_record(customer("Slow Ltd"))
    erp.server.arm("hang", seconds=4, ext_id=str(slow.pk))
    bell = threading.Event()

    def deliver() -> RunReport:
        try:
            return deliver_due(target="netsuite", limit=500, worker="w", now=T0 + seconds(1), bell=bell)
        finally:
            database.close()

    running = pool.submit(deliver)
    eventually(lambda: not erp.server.system.faults.armed())
    for number in (1, 2):
        new_record(customer(f"Quick {number} Ltd"))
        bell.set()
        sleep(0.5)
        assert [lane.record_id for lane in Lane.objects.filter(lease_until__isnull=False)] == [slow.pk]
    assert running.result(30).outcomes == {"created": 2, "retry": 1}


def test_a_lane_that_was_taken_over_before_it_was_drafted_is_left_alone(
    transactional_db: None, erp_server: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token read with the facts may be another worker's: whoever uses that one writes over him."""
    erp = connect(erp_server, {"netsuite.customer": "customer"})
    record = new_record(customer())

    def overtaken(lanes: Iterable[int]) -> list[LaneFacts]:
        claim_lanes(connection=erp.connection, limit=1, worker="next", suspects=True, now=T0 + seconds(60))
        return load_facts(lanes)

    monkeypatch.setattr("apps.distribution.run.load_facts", overtaken)
    assert erp.deliver().outcomes == {}
    lane = lane_of(record)
    assert (lane.token, lane.leased_by, lane.lease_until) == (2, "next", T0 + seconds(80))
    assert (erp.verbs(record), DeliveryAttempt.objects.count()) == ([], 0)
