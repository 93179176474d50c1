"""A mapping that changes while a lane is in the air, or forth and back: the target ends with what it is to hold."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database

from apps.connectors.models import Mapping
from apps.connectors.sandbox import RunningSandbox, start_sandbox
from apps.connectors.services import draft_mapping
from apps.connectors.services.seeding import default_documents
from apps.distribution.claiming import claim_lanes
from apps.distribution.models import DeliveryAttempt
from apps.distribution.services import activate_outbound, work_on_mapping_run
from tests.distribution.golden import (
    STEWARD,
    T0,
    Target,
    change,
    connect,
    customer,
    lane_of,
    new_record,
    seconds,
)

pytestmark = pytest.mark.django_db(transaction=True)
WEBHOOK = next(text for text in default_documents() if text.startswith("mapping: webhook.customer\n"))
PLAIN = "{hub: trade_name, remote: trade_name}"
LOUD = "{hub: trade_name, remote: trade_name, to: [upper], from: [trim], loss: capitals only}"


@pytest.fixture(params=["webhook", "topic"])
def taker(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A target that takes events, knows a repetition by its key, and tells nothing."""
    server = start_sandbox(request.param)
    yield connect(server, {f"{request.param}.customer": "customer"})
    server.stop()


@pytest.fixture
def receiver() -> Iterator[Target]:
    server = start_sandbox("webhook")
    yield connect(server, {"webhook.customer": "customer"})
    server.stop()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


class Gate:
    """Keeps the first write a target is asked for waiting, until it is opened."""

    def __init__(self, server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._ask: Callable[..., Any] = server.system.before_write
        monkeypatch.setattr(server.system, "before_write", self._wait)

    def _wait(self, obj: str, ext_id: str) -> Any:
        if not self.reached.is_set():
            self.reached.set()
            assert self.opened.wait(20)
        return self._ask(obj, ext_id)


def in_thread(target: Target, at: float) -> dict[str, int]:
    try:
        return target.deliver(at=at).outcomes
    finally:
        database.close()


def louder(target: Target) -> Mapping:
    """The next version of the target's mapping, which writes trade names in capitals."""
    name = target.connection.code
    text = WEBHOOK.replace("webhook.customer", f"{name}.customer").replace(PLAIN, LOUD)
    return draft_mapping(text=text, actor=STEWARD, now=T0)


def put_in_force(mapping: Mapping, *, at: float) -> dict[str, int]:
    """Activate a version and have it delivered again; return the counts of that run."""
    now = T0 + seconds(at)
    run = activate_outbound(mapping=mapping, redeliver=True, actor=STEWARD, now=now)
    assert run is not None
    done = work_on_mapping_run(run_id=run.pk, actor=STEWARD, now=now)
    assert (done.state, done.note) == ("done", "")
    return dict(done.counts)


def test_a_lane_in_the_air_goes_out_again_through_the_mapping_that_came_into_force(
    taker: Target, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    gate = Gate(taker.server, monkeypatch)
    flight = pool.submit(in_thread, taker, 1)
    assert gate.reached.wait(20)
    assert put_in_force(louder(taker), at=2)["sent_again"] == 1
    gate.opened.set()
    assert flight.result(20) == {"updated": 2}
    assert taker.held(record, "customer")["trade_name"] == "ACME"
    lane = lane_of(record)
    assert (lane.done_seq, lane.pending_since, lane.once_more, lane.priority) == (1, None, False, 10)
    first, second = DeliveryAttempt.objects.order_by("started_at")
    assert (first.mapping_version, second.mapping_version, first.seq, second.seq) == ("1", "2", 1, 1)
    assert first.key != second.key


def test_a_lane_in_the_air_whose_payload_stays_is_looked_at_and_not_sent_again(
    receiver: Target, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(customer("Acme Ltd", trade_name="ACME"))
    gate = Gate(receiver.server, monkeypatch)
    flight = pool.submit(in_thread, receiver, 1)
    assert gate.reached.wait(20)
    put_in_force(louder(receiver), at=2)
    gate.opened.set()
    assert flight.result(20) == {"updated": 1, "unchanged": 1}
    assert receiver.verbs(record) == ["created"]


def test_what_the_target_refused_while_the_mapping_changed_is_no_dead_letter(
    receiver: Target, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    receiver.server.arm("block")
    gate = Gate(receiver.server, monkeypatch)
    flight = pool.submit(in_thread, receiver, 1)
    assert gate.reached.wait(20)
    put_in_force(louder(receiver), at=2)
    gate.opened.set()
    assert flight.result(20) == {"parked": 1, "updated": 1}
    assert (lane_of(record).park_code, receiver.held(record, "customer")["trade_name"]) == ("", "ACME")


def test_who_takes_a_marked_lane_over_delivers_it_once(receiver: Target) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    claim_lanes(connection=receiver.connection, limit=1, worker="dead", suspects=True, now=T0 + seconds(1))
    put_in_force(louder(receiver), at=2)
    assert lane_of(record).once_more
    assert receiver.deliver(at=30).outcomes == {"updated": 1}
    assert receiver.verbs(record) == ["created"]
    assert (lane_of(record).done_seq, lane_of(record).once_more) == (1, False)


def test_a_run_ends_when_another_version_came_into_force(receiver: Target) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    receiver.deliver()
    plain, loud = Mapping.objects.get(name="webhook.customer"), louder(receiver)
    late = activate_outbound(mapping=loud, redeliver=True, actor=STEWARD, now=T0 + seconds(2))
    assert late is not None
    put_in_force(plain, at=3)
    done = work_on_mapping_run(run_id=late.pk, actor=STEWARD, now=T0 + seconds(4))
    assert (done.state, done.note) == ("cancelled", "Another version was put in force since.")
    assert lane_of(record).done_seq == 1


def test_forth_and_back_and_forth_is_news_each_time(taker: Target) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    taker.deliver()
    plain, loud = Mapping.objects.get(name=f"{taker.connection.code}.customer"), louder(taker)
    for at, mapping, name in (
        (10, loud, "ACME"),
        (20, plain, "Acme"),
        (30, loud, "ACME"),
        (40, plain, "Acme"),
    ):
        assert put_in_force(mapping, at=at)["sent_again"] == 1
        assert taker.deliver(at=at + 1).outcomes == {"updated": 1}
        assert taker.held(record, "customer")["trade_name"] == name
    keys = list(DeliveryAttempt.objects.values_list("key", flat=True))
    assert (len(keys), len(set(keys)), lane_of(record).last_seq) == (5, 5, 1)


def test_retries_of_one_payload_keep_its_key_and_a_version_has_one_of_its_own(receiver: Target) -> None:
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    receiver.deliver()
    put_in_force(louder(receiver), at=10)
    receiver.server.arm("503")
    receiver.deliver(at=11)
    receiver.server.arm("drop")
    receiver.deliver(at=700)
    receiver.deliver(at=1400)
    change(record, customer("Acme Ltd", trade_name="Next"))
    receiver.deliver(at=1500)
    assert receiver.outcomes(record) == ["updated", "retry", "unknown", "updated", "updated"]
    keys = list(DeliveryAttempt.objects.order_by("started_at").values_list("key", flat=True))
    assert keys[1] == keys[2] == keys[3]
    assert len({keys[0], keys[1], keys[4]}) == 3
    assert [verb for verb in receiver.verbs(record) if verb != "unchanged"] == [
        "created",
        "updated",
        "updated",
    ]


def test_back_after_an_unknown_outcome_is_news_too(receiver: Target) -> None:
    """The target took the other mapping's payload and could not say so: what it acknowledged before is gone there."""
    record = new_record(customer("Acme Ltd", trade_name="Acme"))
    receiver.deliver()
    plain = Mapping.objects.get(name="webhook.customer")
    put_in_force(louder(receiver), at=10)
    receiver.server.arm("drop")
    assert receiver.deliver(at=11).outcomes == {"unknown": 1}
    assert receiver.held(record, "customer")["trade_name"] == "ACME"
    put_in_force(plain, at=20)
    assert receiver.deliver(at=700).outcomes == {"updated": 1}
    assert receiver.held(record, "customer")["trade_name"] == "Acme"
