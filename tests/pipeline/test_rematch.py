"""Re-match runs: killed, cancelled, resumed, taken over; nothing is lost, nothing done twice, never two at once."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from threading import Event, Thread
from time import sleep
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utcnow
from apps.mastering.models import Merge
from apps.matching.models import (
    BlockingKey,
    CandidatePair,
    MatchRule,
    MatchRun,
    PreparedRecord,
    ReviewLimit,
    RunPair,
    RunSeed,
)
from apps.matching.selectors import active_rule
from apps.matching.services import draft_match_rule, limit_reviews
from apps.pipeline import rematching, runs
from apps.pipeline.runs import NotResumable, RunActive, RunLost, claim_rematch, keep
from apps.pipeline.selectors import progress_of
from apps.pipeline.services import (
    apply_match_rule,
    cancel_rematch,
    fill_review_queues,
    queue_first_rematches,
    rematch_entity,
    request_rematch,
    resume_rematch,
    run_pending,
    work_on_rematch,
)
from apps.sources.models import Crosswalk
from apps.stewardship.models import ApprovalPolicy
from tests.distribution.processes import forked
from tests.hub import account, land, live, master, seed

pytestmark = pytest.mark.django_db(transaction=True)
FIRMS = 14


@pytest.fixture(autouse=True)
def _hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub without approvals, whose re-match works in tiny chunks."""
    seed()
    ApprovalPolicy.objects.update(status="retired")
    for name, size in (("RECORDS", 5), ("PAIRS", 3), ("SEEDS", 2), ("KEYS_PER_SLICE", 100)):
        monkeypatch.setattr(f"apps.matching.services.rematching.{name}", size)
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE golden_goldenrecord, sources_sourcerecord, sources_load, matching_blockingkey,"
            " matching_comparedpair, matching_runpair, matching_runseed, matching_matchrun,"
            " matching_reviewlimit CASCADE"
        )
    ApprovalPolicy.objects.update(status="active")


def thresholds(match: float, review: float) -> None:
    rule = MatchRule.objects.get(entity="customer", status="active")
    rule.config |= {"match_threshold": match, "review_threshold": review}
    rule.activated_at = utcnow()
    rule.save()


def firm(number: int) -> str:
    return f"{chr(65 + number % 26)}{'bcdfg'[number % 5]}rox{'aeiou'[number % 5]}l{number} Mills"


def twins(side: str, count: int = FIRMS) -> list[dict[str, object]]:
    """Customers; those of two sides with one number are one firm."""
    ending = {"A": "Ltd", "B": "Limited"}[side]
    return [
        dict(
            account(
                f"{side}{n}",
                f"{firm(n)} {ending}",
                Website=f"{firm(n)[:6].lower()}{n}.example",
                Phone=f"+44207946{n:04}",
            )
        )
        for n in range(count)
    ]


@pytest.fixture
def apart() -> None:
    """Every firm is there twice, in two golden records: the rule in force so far joined nothing."""
    shipped = MatchRule.objects.get(entity="customer", status="active").config
    thresholds(0.99999999, 0.9999999)
    master("salesforce.accounts", *twins("A"), *twins("B"))
    thresholds(shipped["match_threshold"], shipped["review_threshold"])
    assert len(live("customer")) == 2 * FIRMS


def couples() -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    for key, home in Crosswalk.objects.values_list("key", "record_id"):
        found.setdefault(home, set()).add(key[1:])
    return found


def all_is_well(run: MatchRun) -> None:
    assert run.status == "done", run.log
    assert sorted(len(numbers) for numbers in couples().values()) == [1] * FIRMS
    assert (run.records, run.merges, run.splits, run.vetoed) == (2 * FIRMS, FIRMS, 0, 0)
    assert Merge.objects.count() == FIRMS
    assert not RunPair.objects.exists()
    assert not RunSeed.objects.exists()


def test_a_full_rematch_joins_what_the_rule_joins_and_says_so(apart: None) -> None:
    run = rematch_entity(entity_name="customer")
    all_is_well(run)
    assert set(run.phases) == {"prepare", "pairs", "score", "cluster", "apply", "review"}
    assert run.phases["prepare"]["units"] == 2 * FIRMS
    assert run.phases["score"]["units"] == run.pairs >= FIRMS
    assert run.changed == 2 * FIRMS
    assert run.peak_memory_mb > 10
    assert f"done: 28 records, {run.pairs} pairs compared, {run.matches} match, 14 merges" in run.log
    again = rematch_entity(entity_name="customer")
    assert (again.pairs, again.merges, again.splits, again.changed) == (run.pairs, 0, 0, 0)


@pytest.mark.parametrize(
    "chance", [Random(1), pytest.param(Random(2), marks=pytest.mark.full)], ids=["first", "second"]
)
def test_workers_killed_at_any_moment_lose_nothing_and_do_nothing_twice(
    apart: None, chance: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEASE", timedelta(milliseconds=100))
    run = request_rematch(entity_name="customer", now=utcnow())
    kills = 0
    for number in range(12):
        with forked(lambda: work_on_rematch(run_id=run.pk)) as worker:
            # The first has no time to end; later ones live long enough to get on.
            worker.join(min(0.05 * (number + 1), 0.5) * chance.uniform(0.5, 1.5))
            kills += worker.is_alive()
            worker.kill()
            worker.join(10)
        run.refresh_from_db()
        if not run.is_active:
            break
    assert kills >= 1
    while run.is_active:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.15)")
        run = work_on_rematch(run_id=run.pk) or MatchRun.objects.get(pk=run.pk)
    all_is_well(run)
    assert 1 <= run.takeovers <= kills


def test_a_late_worker_is_fenced_and_its_chunk_undone(apart: None) -> None:
    run = request_rematch(entity_name="customer", now=utcnow())
    late = claim_rematch(worker="late")
    assert late is not None
    assert claim_rematch(worker="early") is None
    MatchRun.objects.update(lease_until=utcnow() - timedelta(seconds=1))
    taken = claim_rematch(worker="next", run_id=run.pk)
    assert taken is not None
    assert (taken.token, taken.takeovers, taken.leased_by) == (late.token + 1, 1, "next")
    assert taken.lease_until is not None
    assert taken.beat_at is not None
    assert (
        taken.lease_until - taken.beat_at == 2 * runs.LEASE
    )  # a chunk that takes longer than one lease ends at last
    with pytest.raises(RunLost):
        rematching._advance(late, late.token)
    assert BlockingKey.objects.exists()
    run.refresh_from_db()
    assert (run.cursor, run.done) == (None, 0)
    keep(taken, token=taken.token, done=1)
    kept = MatchRun.objects.get(pk=run.pk)
    assert kept.lease_until is not None
    assert kept.beat_at is not None
    assert kept.lease_until - kept.beat_at == 2 * runs.LEASE


def test_cancel_stops_after_the_chunk_and_resume_goes_on_there(apart: None) -> None:
    def stop_in_scoring(run: MatchRun) -> None:
        if run.phase == "score" and run.done >= 5 and run.status == "running":
            cancel_rematch(run_id=run.pk, now=utcnow())

    run = rematch_entity(entity_name="customer", watch=stop_in_scoring)
    assert (run.status, run.phase) == ("cancelled", "score")
    assert 5 <= run.done < run.total
    assert 0 < progress_of(run).share < 1
    assert len(live("customer")) == 2 * FIRMS
    assert claim_rematch(worker="none is due") is None
    resumed = resume_rematch(run_id=run.pk, now=utcnow())
    assert (resumed.status, resumed.done) == ("queued", run.done)
    worked = work_on_rematch()
    assert worked is not None
    all_is_well(worked)
    with pytest.raises(NotResumable):
        resume_rematch(run_id=run.pk, now=utcnow())


def test_what_every_worker_would_meet_ends_the_run_and_can_be_resumed(apart: None) -> None:
    run = request_rematch(entity_name="customer", now=utcnow())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE matching_runpair RENAME TO away")
    try:
        with pytest.raises((ProgrammingError, psycopg.ProgrammingError)):
            work_on_rematch(run_id=run.pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO matching_runpair")
    run.refresh_from_db()
    assert (run.status, run.phase, run.lease_until) == ("failed", "pairs", None)
    assert "failed: " in run.log
    worked = work_on_rematch(run_id=resume_rematch(run_id=run.pk, now=utcnow()).pk)
    assert worked is not None
    all_is_well(worked)


def test_one_run_of_an_entity_at_a_time() -> None:
    first = request_rematch(entity_name="customer", now=utcnow())
    with pytest.raises(RunActive):
        request_rematch(entity_name="customer", now=utcnow())
    request_rematch(entity_name="resource", now=utcnow())
    cancel_rematch(run_id=first.pk, now=utcnow())
    second = request_rematch(entity_name="customer", now=utcnow())
    with pytest.raises(RunActive):
        resume_rematch(run_id=first.pk, now=utcnow())
    work_on_rematch(run_id=second.pk)
    with pytest.raises(NotResumable):
        resume_rematch(run_id=first.pk, now=utcnow())


def test_a_slice_of_time_is_worked_on_and_the_rest_left_to_the_next(apart: None) -> None:
    run = request_rematch(entity_name="customer", now=utcnow())
    turns = 0
    while run.is_active:
        turns += 1
        worked = work_on_rematch(seconds=0.05)
        assert worked is not None
        run = worked
    assert turns > 2
    all_is_well(run)
    assert run.takeovers == 0


def test_records_that_arrive_in_between_are_matched_too(apart: None) -> None:
    def arrive(run: MatchRun) -> None:
        if run.phase == "score" and not Crosswalk.objects.filter(key="C0").exists():
            land("salesforce.accounts", {**twins("A")[0], "Id": "C0"})
            run_pending()

    run = rematch_entity(entity_name="customer", watch=arrive)
    assert run.status == "done"
    assert len({Crosswalk.objects.get(key=key).record_id for key in ("A0", "B0", "C0")}) == 1
    again = rematch_entity(entity_name="customer")
    assert (again.merges, again.splits) == (0, 0)


def test_another_rule_begins_anew_and_may_part_what_was_joined(apart: None) -> None:
    def activate(run: MatchRun) -> None:
        if run.phase == "cluster" and run.rule_version == 1:
            rule = MatchRule.objects.get(entity="customer", status="active")
            MatchRule.objects.update(status="retired")
            rule.pk, rule.version = None, rule.version + 1
            rule.save()
            thresholds(0.99999999, 0.2)

    rematch_entity(entity_name="customer")
    assert len(live("customer")) == FIRMS
    before = MatchRule.objects.get(entity="customer", status="active").version
    run = rematch_entity(entity_name="customer", watch=activate)
    assert (run.status, run.rule_version, run.splits) == ("done", before + 1, FIRMS)
    assert len(live("customer")) == 2 * FIRMS
    assert "was activated: from the beginning with it" in run.log
    assert CandidatePair.objects.filter(status="open").count() == run.reviews == FIRMS
    MatchRule.objects.filter(version=before + 1).delete()
    MatchRule.objects.filter(version=before).update(status="active")


def test_a_rule_activated_while_a_rematch_ends_is_not_forgotten(apart: None) -> None:
    draft = draft_match_rule(entity_name="customer", note="at the last moment", now=utcnow())
    queued: list[MatchRun | None] = []
    asked = Event()

    def activate() -> None:
        try:
            with transaction.atomic():
                queued.append(apply_match_rule(rule_id=draft.pk, now=utcnow())[1])
                asked.set()
                sleep(0.5)
        finally:
            asked.set()
            connection.close()

    other = Thread(target=activate)

    def meet(run: MatchRun) -> None:
        if run.phase == "review" and other.ident is None:
            other.start()
            assert asked.wait(20)

    run = rematch_entity(entity_name="customer", watch=meet)
    other.join()
    assert queued == [None]
    all_is_well(run)
    assert run.rule_version == draft.version
    assert "from the beginning with it" in run.log


def test_reviews_beyond_the_limit_wait_are_counted_and_open_as_the_queue_drains(apart: None) -> None:
    thresholds(0.99999999, 0.2)
    limit_reviews(entity_name="customer", most=10)
    run = rematch_entity(entity_name="customer")
    assert (run.reviews, run.left_out) == (10, FIRMS - 10)
    assert "4 reviews wait for room in the queue" in run.log
    with CaptureQueriesContext(connection) as statements:
        assert fill_review_queues() == 0
    assert not [
        each for each in statements if "matching_comparedpair" in each["sql"]
    ]  # a full queue costs a count
    CandidatePair.objects.filter(pk__in=CandidatePair.objects.all()[:3]).update(status="not_match")
    assert fill_review_queues() == 3
    assert CandidatePair.objects.filter(status="open").count() == 10
    assert ReviewLimit.objects.get(entity="customer").left_out == FIRMS - 13


def test_changed_mode_looks_at_what_came_since(apart: None) -> None:
    rematch_entity(entity_name="customer")
    master("salesforce.accounts", *twins("A", FIRMS + 1)[-1:])
    run = rematch_entity(entity_name="customer", mode="changed")
    assert (run.status, run.mode, run.records, run.merges) == ("done", "changed", 1, 0)


def test_a_hub_from_before_records_were_prepared_gets_its_first_rematch(apart: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE matching_preparedrecord, matching_blockingkey, matching_comparedpair")
    master("salesforce.accounts", {**twins("A")[0], "Segment__c": "X", "SystemModstamp": "2026-02-02"})
    assert len(live("customer")) == 2 * FIRMS
    assert [run.entity for run in queue_first_rematches(now=utcnow())] == ["customer"]
    assert queue_first_rematches(now=utcnow()) == []
    run = work_on_rematch()
    assert run is not None
    all_is_well(run)
    assert queue_first_rematches(now=utcnow()) == []
    old = PreparedRecord.objects.filter(source_record__key="A3")
    old.update(fingerprint=1)  # as an engine that cleaned or keyed otherwise left it
    assert [run.entity for run in queue_first_rematches(now=utcnow())] == ["customer"]
    work_on_rematch()
    assert old.get().fingerprint == active_rule("customer").fingerprint


def test_the_command_works_and_tells(apart: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rematch", "customer", "--full", "--queue")
    run = MatchRun.objects.get()
    call_command("rematch", cancel=run.pk)
    assert "cancelled" in capsys.readouterr().out
    call_command("rematch", resume=run.pk)
    told = capsys.readouterr().out
    assert "score pairs: " in told
    assert "14 merges" in told
    with pytest.raises(CommandError, match="matched by key"):
        call_command("rematch", "invoice")
