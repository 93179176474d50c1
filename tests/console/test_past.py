"""A record as it was: then beside now, masked like everywhere, and what targets knew."""

from datetime import UTC, datetime

import pytest

from apps.accounts.roles import Role
from apps.audit.context import SYSTEM, acting
from apps.golden.registry import entity
from apps.pipeline.run import run_batch
from tests.console.golden import WORKER
from tests.console.signing import page, signed_in
from tests.hub import account, home_of, land, seed

pytestmark = pytest.mark.django_db
JAN, FEB = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2))


def load(layout: str, name: str, row: dict[str, object], now: datetime) -> None:
    land(layout, row, now=now)
    with acting(SYSTEM, reason="test"):
        run_batch(spec=entity(name), limit=100, now=now)


def test_then_stands_beside_now() -> None:
    seed()
    load(
        "salesforce.accounts",
        "customer",
        dict(account("A1", "Zephyr Mills Ltd", Segment__c="Enterprise")),
        JAN,
    )
    later = account("A1", "Zephyr Mills Ltd", Segment__c="Mid", SystemModstamp="2026-01-20T00:00:00Z")
    load("salesforce.accounts", "customer", dict(later), FEB)
    record = home_of("salesforce", "customer", "A1")
    steward = signed_in(Role.STEWARD)

    html = page(steward, "golden_past", "customer", record, at="2026-01-15T00:00")
    assert "version 1" in html
    assert html.index("Enterprise") < html.index(">Mid<")
    assert "No target had acknowledged it by then" in html
    assert "did not know this record yet" in page(
        steward, "golden_past", "customer", record, at="2025-12-01T00:00"
    )


def test_personal_values_of_the_past_are_masked() -> None:
    seed()
    load("workday.workers", "resource", WORKER, JAN)
    record = home_of("workday", "resource", "W1")

    assert "Quartermaine" not in page(signed_in(Role.VIEWER), "golden_past", "resource", record)
    assert "Quartermaine" in page(signed_in(Role.STEWARD), "golden_past", "resource", record)
