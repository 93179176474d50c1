"""Delays, verdicts and the breaker are pure: their laws hold for any history."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.connectors.contracts import RETRYABLE, Failure, FailureClass
from apps.distribution.engine.breaker import Breaker, admits, after_results, probing
from apps.distribution.engine.delays import LONGEST, hold_delay, retry_delay, wait_delay
from apps.distribution.engine.verdicts import VERDICTS, Disposition, verdict_on

T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)


@given(failures=st.integers(1, 1000), seed=st.integers())
def test_retry_delay_is_half_to_one_and_a_half_of_its_step(failures: int, seed: int) -> None:
    step = min(LONGEST.total_seconds(), 5.0 * 3 ** min(failures - 1, 12))
    delay = retry_delay(failures=failures, seed=seed).total_seconds()
    assert 0.5 * step <= delay <= 1.5 * step
    assert delay == retry_delay(failures=failures, seed=seed).total_seconds()


@given(failures=st.integers(1, 20), after=st.floats(0, 1e9))
def test_retry_after_is_a_floor_of_at_most_a_day(failures: int, after: float) -> None:
    delay = retry_delay(failures=failures, seed=1, retry_after=after).total_seconds()
    assert delay >= min(after, 86400.0) - 1e-6
    assert delay <= max(86400.0, 1.5 * LONGEST.total_seconds())


def test_sixteen_tries_or_so_fit_into_72_hours() -> None:
    passed, tries = timedelta(0), 0
    while passed < timedelta(hours=72):
        tries += 1
        passed += retry_delay(failures=tries, seed="lane")
    assert 13 <= tries <= 24


def test_waiting_starts_at_two_seconds_and_ends_at_ten_minutes() -> None:
    assert wait_delay(waited=timedelta(0)) == timedelta(seconds=2)
    assert wait_delay(waited=timedelta(minutes=4)) == timedelta(minutes=2)
    assert wait_delay(waited=timedelta(days=2)) == timedelta(minutes=10)


def test_a_hold_doubles_unless_the_target_names_a_time() -> None:
    seconds = [hold_delay(holds=n, retry_after=None).total_seconds() for n in range(1, 9)]
    assert seconds == [15, 30, 60, 120, 240, 480, 600, 600]
    assert hold_delay(holds=3, retry_after=3600).total_seconds() == 3600
    assert hold_delay(holds=3, retry_after=1e9).total_seconds() == 86400


def test_every_failure_class_has_a_verdict() -> None:
    assert set(VERDICTS) == set(FailureClass)
    parked = {cls for cls, verdict in VERDICTS.items() if verdict.disposition is Disposition.PARK}
    assert parked == {FailureClass.PERMANENT, FailureClass.CONFLICT_REVIEW, FailureClass.BUSINESS_BLOCK}
    assert not parked & RETRYABLE


def test_no_answer_is_unsure_and_never_sent_is_not() -> None:
    no_answer = verdict_on(Failure(FailureClass.TRANSIENT, "timeout", ""))
    assert (no_answer.disposition, no_answer.unsure, no_answer.sick) == (Disposition.LOOK_UP, True, True)
    refused = verdict_on(Failure(FailureClass.TRANSIENT, "connect", "", scope="connector"))
    assert (refused.disposition, refused.unsure, refused.sick) == (Disposition.RETRY, False, True)
    busy = verdict_on(Failure(FailureClass.TRANSIENT, "x", "", status=503))
    assert (busy.disposition, busy.unsure, busy.sick) == (Disposition.RETRY, True, True)


def test_five_failures_on_three_lanes_open_the_breaker() -> None:
    one_lane = after_results(Breaker(), [(1, False)] * 9, now=T0)
    assert (one_lane.position, one_lane.fail_run) == ("closed", 9)
    three = after_results(Breaker(), [(1, False), (2, False), (3, False), (1, False)], now=T0)
    assert three.position == "closed"
    opened = after_results(three, [(2, False)], now=T0)
    assert (opened.position, opened.open_until) == ("open", T0 + timedelta(seconds=30))
    assert admits(opened, now=T0 + timedelta(seconds=29)) == "none"
    assert admits(opened, now=T0 + timedelta(seconds=30)) == "one"


def test_half_of_twenty_opens_the_breaker() -> None:
    mixed = [(lane, lane % 2 == 0) for lane in range(20)]
    assert after_results(Breaker(), mixed[:19], now=T0).position == "closed"
    assert after_results(Breaker(), [*mixed[:19], (19, False)], now=T0).position == "open"


def test_a_failed_probe_doubles_the_wait_up_to_ten_minutes_and_a_good_one_closes() -> None:
    breaker, now = after_results(Breaker(), [(n, False) for n in range(5)], now=T0), T0
    waits = []
    for _ in range(7):
        assert breaker.open_until is not None
        waits.append((breaker.open_until - now).total_seconds())
        now = breaker.open_until
        breaker = after_results(probing(breaker, until=now + timedelta(seconds=20)), [(1, False)], now=now)
    assert waits == [30, 60, 120, 240, 480, 600, 600]
    assert after_results(probing(breaker, until=now), [(1, True)], now=now) == Breaker()


def test_a_late_success_does_not_close_an_open_breaker() -> None:
    opened = after_results(Breaker(), [(n, False) for n in range(5)], now=T0)
    assert after_results(opened, [(9, True)], now=T0) == opened


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=60))
def test_breaker_state_stays_within_what_the_database_allows(results: list[tuple[int, bool]]) -> None:
    breaker = after_results(Breaker(), results, now=T0)
    assert (breaker.open_until is None) == (breaker.position == "closed")
    assert len(breaker.recent) <= 20
    assert len(breaker.fail_lanes) <= 3
