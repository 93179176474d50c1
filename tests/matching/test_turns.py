"""Decisions on pairs wait for their turn, and several workers may take a pattern decision back at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from psycopg.errors import LockNotAvailable

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.mastering.models import Merge
from apps.matching.models import PairDecision, PatternDecision, Verdict
from apps.stewardship.services import (
    decide_pattern,
    restore_pattern,
    settle_pattern,
    take_back_decision,
    undo_pattern,
)
from tests.hub import NOW, as_user, live, only, seed
from tests.matching.test_patterns import SIGNATURE, open_pairs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def steward() -> User:
    seed()
    return create_user(username="stella", password="a long pass phrase", roles=[Role.STEWARD])


@contextmanager
def somebody_elses_turn() -> Iterator[None]:
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        other.cursor().execute("SELECT pg_advisory_xact_lock(hashtext('golden'), 0)")
        yield
    finally:
        other.rollback()
        other.close()


def refused_without_turn(verb: Callable[[], object]) -> None:
    with somebody_elses_turn(), transaction.atomic():
        connection.cursor().execute("SET LOCAL lock_timeout = '150ms'")
        with pytest.raises(LockNotAvailable):
            verb()
        transaction.set_rollback(True)


def test_claiming_undoing_and_withdrawing_wait_for_their_turn(steward: User) -> None:
    pairs = [pair.pk for pair in open_pairs(2)]

    def decide() -> PatternDecision:
        return decide_pattern(
            entity_name="customer",
            signature=SIGNATURE,
            verdict=Verdict.NEVER,
            reason="x",
            checked=pairs,
            now=NOW,
        )

    with as_user("stella", steward.pk):
        refused_without_turn(decide)
        assert not PatternDecision.objects.exists()
        decision = decide()
        settle_pattern(pattern_id=decision.pk, now=NOW)
        stands = PairDecision.objects.filter(withdrawn_at__isnull=True)
        one = stands.order_by("pk").values_list("pk", flat=True)[0]
        refused_without_turn(lambda: take_back_decision(decision_id=one, reason="x", now=NOW))
        refused_without_turn(lambda: undo_pattern(pattern_id=decision.pk, reason="x", now=NOW))
        assert stands.count() == 2
        undo_pattern(pattern_id=decision.pk, reason="x", now=NOW)
        refused_without_turn(lambda: restore_pattern(pattern_id=decision.pk, now=NOW))
        assert (stands.count(), PatternDecision.objects.get().status) == (2, "undoing")
        restore_pattern(pattern_id=decision.pk, now=NOW)
    assert (stands.count(), PatternDecision.objects.get().status) == (0, "undone")


def test_two_workers_take_a_pattern_back_without_getting_in_each_others_way(steward: User) -> None:
    pairs = open_pairs(4)
    before = sorted(live("customer"))
    with as_user("stella", steward.pk):
        decision = decide_pattern(
            entity_name="customer", signature=SIGNATURE, verdict=Verdict.MATCH, reason="one",
            checked=[pair.pk for pair in pairs], now=NOW,
        )  # fmt: skip
        settle_pattern(pattern_id=decision.pk, now=NOW)
        assert Merge.objects.filter(unmerged_at__isnull=True).count() == 4
        undo_pattern(pattern_id=decision.pk, reason="two", now=NOW)

    def work(_: int) -> None:
        try:
            with as_user("stella", steward.pk):
                restore_pattern(pattern_id=decision.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    done = only(PatternDecision.objects.all())
    assert (done.status, done.refused) == ("undone", [])
    assert sorted(live("customer")) == before
    assert not PairDecision.objects.filter(withdrawn_at__isnull=True).exists()
