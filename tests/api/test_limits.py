"""Token buckets: never more than the quota in a window, whatever the pattern of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api import limits
from apps.api.limits import WINDOW_SECONDS, Buckets, client_quota, take_for_address, take_for_client


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=200), st.integers(1, 60))
def test_no_window_grants_more_than_two_quotas(requests: list[tuple[float, int]], quota: int) -> None:
    """A full bucket plus what flows in during the window is the most a bucket can ever give."""
    now = 0.0
    buckets = Buckets(clock=lambda: now)
    granted: list[tuple[float, float]] = []
    for pause, cost in requests:
        now += pause
        taken = buckets.take("client", quota=quota, cost=cost)
        assert 0 <= taken.remaining <= quota
        if not taken.wait:
            granted.append((now, min(cost, quota)))
    for start, _ in granted:
        inside = sum(cost for at, cost in granted if start <= at < start + WINDOW_SECONDS)
        assert inside <= 2 * quota + 1e-6


@given(st.integers(1, 600), st.integers(1, 600))
def test_waiting_as_told_is_enough(quota: int, cost: int) -> None:
    now = 0.0
    buckets = Buckets(clock=lambda: now)
    while not (refused := buckets.take("client", quota=quota, cost=cost)).wait:
        pass
    now += refused.wait
    assert buckets.take("client", quota=quota, cost=cost).wait == 0


def test_clients_do_not_share_a_bucket() -> None:
    buckets = Buckets(clock=lambda: 0.0)
    assert buckets.take(1, quota=1).wait == 0
    assert buckets.take(1, quota=1).wait == 60
    assert buckets.take(2, quota=1).wait == 0


def test_a_flood_from_many_addresses_does_not_fill_the_buckets_of_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_CLIENTS", 3)
    assert take_for_client(7, client_quota()).wait == 0
    for number in range(10):
        take_for_address(f"198.51.100.{number}")
    assert take_for_client(7, client_quota()).wait > 0
