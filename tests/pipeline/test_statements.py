"""Mastering costs a constant number of statements, whatever the number of records: landing to lanes, merges too."""

import pytest

from apps.core.clock import utcnow
from apps.golden.registry import entity
from apps.pipeline.run import run_batch
from apps.sources.models import SourceRecord
from tests.counting import counted_statements
from tests.hub import NOW, account, land, live, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def statements_of_a_batch(count: int) -> int:
    """Return how many statements one batch of all pending customers takes."""
    assert SourceRecord.objects.filter(pending_since__isnull=False).count() == count
    with counted_statements() as counted:
        report = run_batch(spec=entity("customer"), limit=count, now=utcnow())
    assert report.records == count
    assert len(counted) > 30
    return len(counted)


def rows(size: int, *, name: str, day: int, start: int = 0) -> list[object]:
    return [
        account(
            f"A{at}", f"{name} {at} Works Ltd", Status__c="Active", Website=f"w{at}.example",
            Segment__c=f"S{day}", SystemModstamp=f"2026-02-{day:02}T00:00:00Z",
        )
        for at in range(start, start + size)
    ]  # fmt: skip


def statements_of_changes(size: int, start: int, *, held: bool) -> int:
    """Master new customers, change them all, and return what mastering the changes took."""
    land("salesforce.accounts", *rows(size, name="Zephyr", day=1, start=start), now=NOW)
    statements_of_a_batch(size)
    changed = rows(size, name="Quantock" if held else "Zephyr", day=2, start=start)
    land("salesforce.accounts", *changed, now=NOW)
    return statements_of_a_batch(size)


@pytest.mark.parametrize("held", [False, True])
def test_a_large_batch_of_changes_takes_as_many_statements_as_a_small_one(held: bool) -> None:
    """Plan, route (with change requests for the names that are held) and apply, with history, events and lanes."""
    few = statements_of_changes(100, 0, held=held)
    assert statements_of_changes(600, 5_000, held=held) == few


@pytest.mark.full
@pytest.mark.parametrize("held", [False, True])
def test_ten_thousand_changes_take_as_many_statements_as_two_thousand(held: bool) -> None:
    """Beyond what travels as a parameter of a statement, rows are copied: some statements more, not more of them."""
    statements_of_changes(1_500, 0, held=held)  # temporary tables are made once per connection
    few = statements_of_changes(2_000, 20_000, held=held)
    assert statements_of_changes(10_000, 50_000, held=held) == few


def test_many_merges_of_a_batch_take_as_many_statements_as_few() -> None:
    counts = []
    for size, start in ((5, 0), (25, 5_000)):
        apart = []
        for at in range(start, start + size):
            shared = {"Phone": f"+44207946{at:04}", "BillingStreet": f"{at} High St", "BillingCity": "Leeds"}
            apart += [
                account(f"A{at}", f"Zephyr{at} Mills Ltd", Website=f"w{at}.example", **shared),
                account(f"B{at}", f"Quantock{at} Advisory Ltd", Website=f"v{at}.example"),
            ]
        land("salesforce.accounts", *apart, now=NOW)
        statements_of_a_batch(2 * size)
        alike = []
        for at in range(start, start + size):
            shared = {"Phone": f"+44207946{at:04}", "BillingStreet": f"{at} High St", "BillingCity": "Leeds"}
            alike.append(
                account(f"B{at}", f"Zephyr{at} Mills Ltd", Website=f"w{at}.example",
                        SystemModstamp="2026-02-02T00:00:00Z", **shared)
            )  # fmt: skip
        before = len(live("customer"))
        land("salesforce.accounts", *alike, now=NOW)
        counts.append(statements_of_a_batch(size))
        assert len(live("customer")) == before - size
    assert counts[0] == counts[1]
