"""Refusals, outages and unknown outcomes: retried, held, looked up or parked, and never done twice."""

from datetime import timedelta

import pytest

from apps.distribution.claiming import claim_lanes
from apps.distribution.models import DeliveryAttempt, Lane, TargetState
from apps.distribution.services import pause_target, resume_target
from tests.distribution.golden import (
    STEWARD,
    T0,
    Target,
    change,
    customer,
    lane_of,
    new_record,
    seconds,
)

pytestmark = pytest.mark.django_db


def state_of(target: Target) -> TargetState:
    return TargetState.objects.get(connection=target.connection)


def test_an_outage_is_retried_with_growing_delay_and_nothing_before_its_time(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("503", times=2)
    assert erp.deliver().outcomes == {"retry": 1}
    first = lane_of(record)
    assert seconds(2.5) <= first.next_at - (T0 + seconds(1)) <= seconds(7.6)
    assert (first.attempts, first.failing_since is not None, first.done_seq) == (1, True, 0)
    assert erp.deliver(at=3).claimed == 0
    assert erp.deliver(at=10).outcomes == {"retry": 1}
    second = lane_of(record)
    assert seconds(7.5) <= second.next_at - (T0 + seconds(10)) <= seconds(22.6)
    assert erp.deliver(at=60).outcomes == {"created": 1}
    lane = lane_of(record)
    assert (lane.attempts, lane.failing_since, lane.code, lane.unsure) == (0, None, "", False)


def test_after_72_hours_it_is_parked_for_the_administrator(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("503", times=0)
    erp.deliver()
    Lane.objects.update(next_at=T0, attempts=17)
    assert erp.deliver(at=72 * 3600).outcomes == {"parked": 1}
    lane = lane_of(record)
    assert (lane.park_code, lane.park_owner) == ("exhausted", "administrator")
    assert lane.park_reason.startswith("Tried 18 times since 2026-01-31 12:00 UTC; last: ")
    assert lane.park_due is not None
    assert lane.parked_at is not None
    assert lane.park_due - lane.parked_at == timedelta(hours=4)


def test_too_many_requests_rests_the_target_and_costs_no_attempt(crm: Target) -> None:
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(2)]
    crm.limits(max_inflight=1)
    crm.server.arm("429", retry_after=90)
    assert crm.deliver().outcomes == {"held": 1}
    state = state_of(crm)
    assert state.hold_until is not None
    wait = (state.hold_until - T0).total_seconds()
    assert crm.deliver(at=wait - 1).claimed == 0
    assert crm.deliver(at=wait + 1).outcomes == {"created": 2}
    assert state_of(crm).hold_code == ""
    assert [lane_of(record).attempts for record in records] == [0, 0]


def test_a_refused_sign_in_holds_the_target_without_burning_attempts(erp: Target) -> None:
    erp.connection.delivery_state.refresh_from_db()
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(3)]
    good = erp.server.system.secrets["token_secret"]
    erp.server.system.secrets["token_secret"] = "rotated"
    erp.limits(max_inflight=1)
    at = 1.0
    for _ in range(4):
        report = erp.deliver(at=at)
        assert (report.outcomes, report.gate) == ({"held": 1}, state_of(erp).hold_code)
        hold = state_of(erp).hold_until
        assert hold is not None
        at = (hold - T0).total_seconds() + 1
    assert [lane_of(record).attempts for record in records] == [0, 0, 0]
    assert state_of(erp).hold_run == 4
    erp.server.system.secrets["token_secret"] = good
    assert erp.deliver(at=at).outcomes == {"created": 3}


def test_a_drop_after_the_write_was_done_is_found_out_and_not_repeated(erp: Target, crm: Target) -> None:
    record = new_record(customer())
    for target in (erp, crm):
        target.server.arm("drop")
        assert target.deliver().outcomes == {"unknown": 1}
        assert target.deliver(at=60).outcomes == {"confirmed": 1}
        assert target.verbs(record) == ["created"]
        assert target.outcomes(record) == ["unknown", "confirmed"]
    change(record, customer("Renamed Ltd"))
    for target in (erp, crm):
        target.server.arm("drop")
        target.deliver(at=100)
        target.deliver(at=200)
        assert target.verbs(record) == ["created", "updated"]


def test_a_lost_request_is_sent_again_after_a_look(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("refuse")
    assert erp.deliver().outcomes == {"unknown": 1}
    assert erp.deliver(at=60).outcomes == {"created": 1}
    assert erp.verbs(record) == ["created"]


def test_back_to_the_old_value_after_an_unknown_outcome_is_written_again(erp: Target) -> None:
    record = new_record(customer("Old Ltd"))
    erp.deliver()
    change(record, customer("New Ltd"))
    erp.server.arm("drop")
    erp.deliver(at=2)
    change(record, customer("Old Ltd"))
    erp.deliver(at=60)
    assert erp.held(record, "customer")["companyName"] == "Old Ltd"
    assert erp.verbs(record) == ["created", "updated", "updated"]


def test_five_failures_on_three_lanes_stop_the_target_until_a_probe_succeeds(erp: Target) -> None:
    for number in range(8):
        new_record(customer(f"Number {number} Ltd"))
    erp.limits(max_inflight=1)
    erp.server.arm("503", times=0)
    report = erp.deliver()
    assert (report.claimed, report.gate) == (5, "breaker_open")
    assert erp.deliver(at=20).claimed == 0
    probe = erp.deliver(at=40)
    assert (probe.claimed, probe.gate) == (1, "breaker_open")
    assert state_of(erp).trips == 2
    erp.server.system.faults.clear()
    assert erp.deliver(at=110).outcomes == {"created": 8}
    state = state_of(erp)
    assert (state.breaker_state, state.fail_run, state.trips) == ("closed", 0, 0)


def test_a_target_that_is_down_is_unreachable_not_unsure(erp: Target) -> None:
    record = new_record(customer())
    erp.server.stop()
    assert erp.deliver().outcomes == {"retry": 1}
    assert (lane_of(record).code, lane_of(record).unsure) == ("connect", False)


def test_pause_keeps_changes_and_resume_lets_them_go(erp: Target) -> None:
    record = new_record(customer("One Ltd"))
    pause_target(target="netsuite", actor=STEWARD, reason="migration", now=T0)
    report = erp.deliver()
    assert (report.claimed, report.gate) == (0, "paused")
    change(record, customer("Two Ltd"))
    resume_target(target="netsuite", actor=STEWARD, reason="done", now=T0)
    assert erp.deliver(at=2).outcomes == {"created": 1}
    assert erp.held(record, "customer")["companyName"] == "Two Ltd"


def test_a_disabled_connection_gets_nothing(erp: Target) -> None:
    new_record(customer())
    type(erp.connection).objects.update(enabled=False)
    assert erp.deliver().gate == "disabled"


def test_a_crashed_attempt_is_closed_and_looked_up_first(erp: Target) -> None:
    record = new_record(customer())
    erp.deliver()
    change(record, customer("After the crash Ltd"))
    lane = lane_of(record)
    claim_lanes(connection=erp.connection, limit=1, worker="dead", suspects=True, now=T0 + seconds(2))
    DeliveryAttempt.objects.create(
        lane=lane, connection=erp.connection, record_id=record.pk, seq=2, op="upsert", key=record.pk,
        started_at=T0 + seconds(2), mapping="m", mapping_version="1", worker="dead", token=2, actor="a",
        correlation_id=record.pk,
    )  # fmt: skip
    assert erp.deliver(at=10).claimed == 0
    assert erp.deliver(at=30).outcomes == {"updated": 1}
    assert erp.outcomes(record) == ["created", "crashed", "updated"]
    assert lane_of(record).crash_count == 0
