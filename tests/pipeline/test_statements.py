"""Mastering costs a constant number of statements, whatever the number of records: landing to lanes, merges too."""

from typing import Any

import psycopg
import pytest

from apps.core.clock import utcnow
from apps.golden.registry import entity
from apps.pipeline.run import run_batch
from apps.sources.models import SourceRecord
from tests.hub import NOW, account, land, live, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def statements_of_a_batch(monkeypatch: pytest.MonkeyPatch, count: int) -> int:
    """Return how many statements one batch of all pending customers takes."""
    assert SourceRecord.objects.filter(pending_since__isnull=False).count() == count
    counted: list[str] = []
    original = psycopg.Cursor.execute

    def execute(cursor: Any, query: Any, *args: Any, **options: Any) -> Any:
        counted.append(str(query)[:80])
        return original(cursor, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    try:
        report = run_batch(spec=entity("customer"), limit=count, now=utcnow())
    finally:
        monkeypatch.undo()
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


@pytest.mark.parametrize("held", [False, True])
def test_a_large_batch_of_changes_takes_as_many_statements_as_a_small_one(
    held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plan, route (with change requests for the names that are held) and apply, with history, events and lanes."""
    counts = []
    for size, start in ((100, 0), (600, 5_000)):
        land("salesforce.accounts", *rows(size, name="Zephyr", day=1, start=start), now=NOW)
        statements_of_a_batch(monkeypatch, size)
        changed = rows(size, name="Quantock" if held else "Zephyr", day=2, start=start)
        land("salesforce.accounts", *changed, now=NOW)
        counts.append(statements_of_a_batch(monkeypatch, size))
    assert counts[0] == counts[1]


def test_many_merges_of_a_batch_take_as_many_statements_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
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
        statements_of_a_batch(monkeypatch, 2 * size)
        alike = []
        for at in range(start, start + size):
            shared = {"Phone": f"+44207946{at:04}", "BillingStreet": f"{at} High St", "BillingCity": "Leeds"}
            alike.append(
                account(f"B{at}", f"Zephyr{at} Mills Ltd", Website=f"w{at}.example",
                        SystemModstamp="2026-02-02T00:00:00Z", **shared)
            )  # fmt: skip
        before = len(live("customer"))
        land("salesforce.accounts", *alike, now=NOW)
        counts.append(statements_of_a_batch(monkeypatch, size))
        assert len(live("customer")) == before - size
    assert counts[0] == counts[1]
