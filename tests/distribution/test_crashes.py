"""Workers and targets that die, sleep too long or run beside each other: nothing is lost, nothing done twice."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from celery import Celery
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.db.models import F

from apps.connectors.sandbox import RunningSandbox
from apps.connectors.sandbox.store import Store
from apps.distribution import hints
from apps.distribution.claiming import claim_lanes
from apps.distribution.contracts import RunReport
from apps.distribution.models import DeliveryAttempt, Lane
from apps.distribution.services import deliver_due
from mdm.local.broker import Broker
from mdm.local.supervisor import Supervisor
from tests.distribution.golden import (
    T0,
    Target,
    change,
    change_inside,
    closed_port,
    connect,
    customer,
    lane_of,
    new_record,
    seconds,
)
from tests.distribution.processes import eventually, forked, sandbox_process
from tests.local.conftest import state as state

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def erp(transactional_db: None, erp_server: RunningSandbox) -> Target:
    return connect(erp_server, {"netsuite.customer": "customer"})


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def in_thread(target: Target, worker: str, at: float) -> RunReport:
    try:
        return deliver_due(target=target.connection.code, limit=500, worker=worker, now=T0 + seconds(at))
    finally:
        database.close()


def test_a_worker_that_finishes_after_its_lease_was_taken_over_changes_nothing(
    erp: Target, pool: ThreadPoolExecutor
) -> None:
    record = new_record(customer())
    erp.server.arm("hang", seconds=1)
    late = pool.submit(in_thread, erp, "late", 1)
    eventually(lambda: DeliveryAttempt.objects.filter(ended_at__isnull=True).exists())
    taken = claim_lanes(
        connection=erp.connection, limit=1, worker="next", suspects=True, now=T0 + seconds(60)
    )
    assert late.result(20).outcomes == {"fenced": 1}
    lane = lane_of(record)
    assert (taken.tokens, lane.token, lane.leased_by, lane.attempts) == ({lane.pk: 2}, 2, "next", 0)
    assert erp.outcomes(record) == ["crashed"]


def test_two_deliverers_share_the_work_and_never_a_record(erp: Target, pool: ThreadPoolExecutor) -> None:
    erp.limits(max_inflight=8)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(40)]
    reports = [future.result(60) for future in [pool.submit(in_thread, erp, f"w{n}", 1) for n in range(3)]]
    assert sum(report.claimed for report in reports) == 40
    assert [erp.verbs(record) for record in records] == [["created"]] * 40
    assert DeliveryAttempt.objects.count() == 40


def test_versions_never_go_backwards_while_writers_and_deliverers_run_together(
    erp: Target, pool: ThreadPoolExecutor
) -> None:
    records = [new_record(customer(f"R{number} V1")) for number in range(4)]

    def write() -> None:
        try:
            for version in range(2, 16):
                for number, record in enumerate(records):
                    change(record, customer(f"R{number} V{version}"))
        finally:
            database.close()

    writer = pool.submit(write)
    at = 1.0
    while not writer.done():
        for future in [pool.submit(in_thread, erp, f"w{n}", at) for n in range(2)]:
            future.result(60)
        at += 0.01
    erp.deliver(at=at + 30)
    for number, record in enumerate(records):
        assert erp.held(record, "customer")["companyName"] == f"R{number} V15"
        effects = DeliveryAttempt.objects.filter(record_id=record.pk, outcome__in=("created", "updated"))
        # Each claim raises the token; the clocks of these rounds overlap.
        seqs = list(effects.order_by("token").values_list("seq", flat=True))
        assert seqs == sorted(set(seqs))
        seq_of = {str(key): seq for key, seq in effects.values_list("key", "seq")}
        assert [seq_of[effect.delivery] for effect in erp.server.effects(ext_id=str(record.pk))] == seqs
        assert erp.verbs(record) == ["created"] + ["updated"] * (len(seqs) - 1)


def test_a_writer_that_keeps_a_lane_locked_delays_its_outcome_and_nothing_else(
    erp: Target, pool: ThreadPoolExecutor
) -> None:
    record, other = new_record(customer("One Ltd")), new_record(customer("Other Ltd"))
    erp.server.arm("hang", seconds=0.5, ext_id=str(record.pk))
    running = pool.submit(in_thread, erp, "w", 1)
    eventually(lambda: DeliveryAttempt.objects.filter(record_id=record.pk, ended_at__isnull=True).exists())
    with transaction.atomic():
        change_inside(record, customer("Two Ltd"))
        eventually(lambda: erp.verbs(other) == ["created"])
        eventually(lambda: Lane.objects.filter(record=other, done_seq=1).exists())
    assert running.result(30).outcomes == {"created": 1, "retry": 1}
    assert (lane_of(record).last_seq, lane_of(record).lease_until) == (2, None)
    assert erp.deliver(at=60).outcomes == {"created": 1}
    assert erp.held(record, "customer")["companyName"] == "Two Ltd"


def test_a_worker_killed_in_mid_call_loses_nothing_and_does_nothing_twice(erp: Target) -> None:
    erp.limits(max_inflight=3)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(12)]
    stuck = records[4]
    erp.server.arm("hang", seconds=5, ext_id=str(stuck.pk))
    with forked(erp.deliver) as worker:
        eventually(lambda: not erp.server.system.faults.armed())  # the call has reached the target
        worker.kill()
        worker.join(10)
    assert lane_of(stuck).done_seq == 0
    assert erp.deliver(at=60).delivered >= 1
    assert [erp.verbs(record) for record in records] == [["created"]] * 12
    assert Lane.objects.filter(done_seq=1, lease_until__isnull=True).count() == 12
    assert erp.outcomes(stuck) == ["crashed", "created"]


@pytest.mark.parametrize("seed", [1, 2])
def test_workers_killed_at_any_moment_lose_nothing_and_do_nothing_twice(erp: Target, seed: int) -> None:
    chance = Random(seed)
    erp.limits(max_inflight=4)
    records = [new_record(customer(f"R{number} V1")) for number in range(60)]
    for round_ in range(4):
        for record in chance.sample(records, 20):
            change(record, customer(f"{record.title.split()[0]} V{record.version + 1}"))
        with forked(lambda at=100.0 * (round_ + 1): erp.deliver(at=at)) as worker:  # type: ignore[misc]  # mypy cannot type a default of a lambda
            worker.join(chance.uniform(0.02, 0.5))
            worker.kill()
            worker.join(10)
    at = 1000.0
    while Lane.objects.filter(done_seq__lt=F("last_seq"), parked_at__isnull=True).exists():
        erp.deliver(at=at)
        at += 30
    assert Lane.objects.filter(parked_at__isnull=False).count() == 0
    for record in records:
        name = f"{record.title.split()[0]} V{record.version}"
        assert erp.held(record, "customer")["companyName"] == name
        journal = erp.server.effects(ext_id=str(record.pk))
        deliveries = [effect.delivery for effect in journal if effect.verb != "unchanged"]
        assert len(deliveries) == len(set(deliveries))


def test_a_target_that_is_killed_and_comes_back_gets_everything_once(
    transactional_db: None, erp_server: RunningSandbox, tmp_path: Path
) -> None:
    port, state = closed_port(), tmp_path / "erp.sqlite"
    target = connect(erp_server, {"netsuite.customer": "customer"})
    type(target.connection).objects.update(base_url=f"http://127.0.0.1:{port}", revision=2)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(6)]
    with sandbox_process("netsuite", port=port, state=state) as server:
        assert target.deliver().outcomes == {"created": 6}
        server.kill()
        server.wait(10)
        for record in records[:3]:
            change(record, customer("Renamed Ltd"), now=T0 + seconds(2))
        report = target.deliver(at=3)
        assert report.outcomes == {"retry": 3}
    with sandbox_process("netsuite", port=port, state=state):
        assert target.deliver(at=60).outcomes == {"updated": 3}
    journal = Store(state)
    verbs = [[effect.verb for effect in journal.effects(ext_id=str(record.pk))] for record in records]
    journal.close()
    assert verbs == [["created", "updated"]] * 3 + [["created"]] * 3


def test_an_answer_is_kept_while_the_database_is_away(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("hang", seconds=1)
    with forked(erp.deliver) as worker:
        eventually(lambda: DeliveryAttempt.objects.filter(ended_at__isnull=True).exists())
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            assert cursor.fetchone()[0] >= 1
        worker.join(20)
        assert worker.exitcode == 0
    lane = lane_of(record)
    assert erp.outcomes(record) == ["retry"]  # the 504 that came when the session was gone already
    assert (lane.attempts, lane.crash_count, lane.lease_until) == (1, 0, None)


def test_with_the_broker_killed_and_emptied_both_targets_get_a_commit_within_moments(
    erp: Target, crm_server: RunningSandbox, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = connect(crm_server, {"salesforce.account": "customer"})
    broker = Broker(state)
    with Supervisor(state, print) as boss:
        boss.start(broker, stage=1)
        monkeypatch.setattr(hints, "current_app", Celery("hub", broker=f"redis+socket://{broker.socket}"))
        with forked(lambda: call_command("deliver")) as worker:
            first = new_record(customer("First Ltd"))
            eventually(lambda: erp.verbs(first) == crm.verbs(first) == ["created"])
            boss.running["broker"].child.kill()
            boss.running["broker"].child.wait()
            shutil.rmtree(state / "broker")
            second = new_record(customer("Second Ltd"))
            eventually(lambda: erp.verbs(second) == crm.verbs(second) == ["created"], within=5)
            worker.terminate()
            worker.join(15)
            assert worker.exitcode == 0
    assert Lane.objects.filter(done_seq=1).count() == 4
