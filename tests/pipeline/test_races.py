"""Two workers at once: no twins, no lost reference, no merge undone by an arrival, no deadlock."""

import threading
from collections.abc import Callable, Iterator
from time import sleep as pause

import pytest
from django.db import connection, connections, transaction

from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.services import take_turn
from apps.outbox.models import OutboxEvent
from apps.pipeline.run import run_batch
from apps.pipeline.services import rematch_entity, run_pending
from apps.sources.selectors import pending_counts
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import merge_records, propose_values
from tests.hub import NOW, account, document_of, home_of, land, live, master, seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_hub() -> Iterator[None]:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE golden_goldenrecord, sources_sourcerecord, sources_load, matching_blockingkey,"
            " matching_comparedpair, matching_matchrun CASCADE"
        )
    ApprovalPolicy.objects.update(status="active")


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Run each work in a thread with a connection of its own; return what they raised."""
    start, failed = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def opportunity(key: str, customer: str) -> dict[str, object]:
    return {
        "Id": key, "Name": f"Roll-out {key}", "AccountId": customer, "Amount": "1000", "CurrencyIsoCode": "EUR",
        "IsWon": True, "StageName": "Closed Won", "Contract_Number__c": f"CT-{key}",
        "SystemModstamp": "2026-01-05T00:00:00Z",
    }  # fmt: skip


def names(count: int) -> list[str]:
    return [f"{chr(65 + i)}{'bcdfg'[i % 5]}rox{'aeiou'[i % 5]}l{i} Mills Ltd" for i in range(count)]


def test_two_workers_make_no_twins() -> None:
    """Each customer is there twice; batches of one split every couple between the workers."""
    rows = [
        account(f"{side}{i}", name, Website=f"firm{i}-{name[:4].lower()}.example")
        for i, name in enumerate(names(12))
        for side in ("A", "B")
    ]
    land("salesforce.accounts", *rows)
    failed = at_once(lambda: run_pending(batch=1), lambda: run_pending(batch=1), lambda: run_pending(batch=3))
    run_pending()
    assert failed == []
    assert len(live("customer")) == 12
    assert all(
        home_of("salesforce", "customer", f"A{i}") == home_of("salesforce", "customer", f"B{i}")
        for i in range(12)
    )
    assert OutboxEvent.objects.filter(type="created").count() == GoldenRecord.objects.count()


def test_a_rematch_beside_two_workers_makes_no_twins_and_parts_nobody() -> None:
    """Records arrive in batches of one while everything there is compared again in tiny chunks."""
    rows = [
        account(f"{side}{i}", name, Website=f"firm{i}-{name[:4].lower()}.example")
        for i, name in enumerate(names(10))
        for side in ("A", "B", "C")
    ]
    master("salesforce.accounts", *rows[::3])
    land("salesforce.accounts", *(row for at, row in enumerate(rows) if at % 3))
    failed = at_once(
        lambda: run_pending(batch=1),
        lambda: rematch_entity(entity_name="customer"),
        lambda: run_pending(batch=2),
    )
    run_pending()
    assert failed == []
    homes = {key: home_of("salesforce", "customer", key) for key in (row["Id"] for row in rows)}
    assert all(homes[f"A{i}"] == homes[f"B{i}"] == homes[f"C{i}"] for i in range(10))
    assert len(live("customer")) == 10
    run = rematch_entity(entity_name="customer")
    assert (run.status, run.merges, run.splits) == ("done", 0, 0)


@pytest.mark.parametrize("order", [("customer", "engagement"), ("engagement", "customer")])
def test_reference_resolves_when_its_target_arrives_at_the_same_time(order: tuple[str, str]) -> None:
    """Neither batch sees what the other has not committed; the engagement must be woken or wait all the same."""
    land("salesforce.accounts", account("A1", "Zephyr Mills Ltd"))
    land("salesforce.opportunities", opportunity("O1", "A1"))
    running = threading.Event()

    def first() -> None:
        with transaction.atomic():
            run_batch(spec=entity(order[0]), limit=10, now=NOW)
            running.set()
            pause(0.5)

    def second() -> None:
        running.wait(10)
        run_batch(spec=entity(order[1]), limit=10, now=NOW)

    assert at_once(first, second) == []
    run_pending()
    assert document_of(live("engagement")[0])["customer"] == str(home_of("salesforce", "customer", "A1"))
    assert pending_counts() == {}


def test_arrival_follows_a_merge_that_runs_at_the_same_time() -> None:
    """A record that matches the loser joins the survivor, never the redirect."""
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd", Website="zephyr.example"))
    master(
        "salesforce.accounts",
        account("A2", "Quantock Advisory Ltd", Website="quantock.example", Phone="+442079460001"),
    )
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    land(
        "salesforce.accounts",
        account(
            "A2",
            "Quantock Advisory Ltd",
            Website="quantock.example",
            Segment__c="X",
            SystemModstamp="2026-03-01",
        ),
    )
    land(
        "salesforce.accounts",
        account("A3", "Quantock Advisory Limited", Website="quantock.example", Phone="+442079460001"),
    )
    merged = threading.Event()

    def merge() -> None:
        with transaction.atomic():
            merge_records(record_ids=[one, other], method="steward", reason="one firm", now=NOW)
            merged.set()
            pause(0.5)

    def arrive() -> None:
        merged.wait(10)
        run_pending()

    assert at_once(merge, arrive) == []
    homes = {home_of("salesforce", "customer", key) for key in ("A1", "A2", "A3")}
    assert (len(homes), live("customer")) == (1, list(homes))
    assert document_of(homes.pop())["segment"] == "X"


def test_pin_and_batch_on_one_record_number_their_versions_one_after_the_other() -> None:
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"))
    [golden] = live("customer")
    land(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd", Phone="+442079460001", SystemModstamp="2026-02-01"),
    )
    pinned = threading.Event()

    def pin() -> None:
        with transaction.atomic():
            propose_values(record_id=golden, values={"segment": "Key"}, reason="agreed", now=NOW)
            pinned.set()
            pause(0.5)

    def batch() -> None:
        pinned.wait(10)
        run_pending()

    assert at_once(pin, batch) == []
    document = document_of(golden)
    assert (document["segment"], document["phone"]) == ("Key", "+442079460001")
    assert list(OutboxEvent.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_turns_are_taken_across_connections() -> None:
    order: list[str] = []
    holding = threading.Event()

    def first() -> None:
        with transaction.atomic():
            take_turn()
            holding.set()
            pause(0.3)
            order.append("first")

    def second() -> None:
        holding.wait(10)
        with transaction.atomic():
            take_turn()
            order.append("second")

    assert at_once(first, second) == []
    assert order == ["first", "second"]
