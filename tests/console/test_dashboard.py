"""The dashboard: figures are right, attention is ordered, statements do not grow with the records."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.accounts.roles import Role
from apps.console.dashboard import attention_list
from apps.console.figures import entity_figures, loads_chart, quality_chart
from apps.distribution.contracts import TargetCounters
from apps.golden.models import GoldenRecord
from apps.sources.models import Load
from tests.console.golden import counting_statements, shared_customer, single_customer, waiting_request
from tests.console.signing import page, signed_in
from tests.hub import seed

pytestmark = pytest.mark.django_db
NAMES = (
    "overdue", "dead_letters", "rejected", "exceptions", "findings", "requests", "merges", "reviews", "references",
)  # fmt: skip
NOTHING = dict.fromkeys(NAMES, 0)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    cache.clear()
    seed()


def test_counters_tell_live_records_and_those_of_several_systems() -> None:
    shared_customer()
    single_customer()
    customers = entity_figures()[0]
    assert (customers.name, customers.live, customers.shared, customers.share) == ("customer", 2, 1, 50)


def test_the_page_shows_what_waits() -> None:
    waiting_request()
    html = page(signed_in(Role.VIEWER), "index")
    assert "1 change requests wait for an approver" in html
    assert "salesforce.accounts" in html


def test_rows_landed_are_drawn_by_hour_while_all_loads_are_young() -> None:
    single_customer()
    Load.objects.update(started_at=timezone.now())
    chart = loads_chart(now=timezone.now())
    assert {each["label"]: each["data"] for each in chart["datasets"]} == {
        "new": [1], "changed": [0], "unchanged": [0], "rejected": [0],
    }  # fmt: skip
    assert chart["labels"][0].endswith(":00")
    Load.objects.update(started_at=timezone.now() - timedelta(days=10))
    assert not loads_chart(now=timezone.now())["labels"][0].endswith(":00")


def test_quality_is_a_share_per_entity() -> None:
    single_customer()
    shared_customer()
    GoldenRecord.objects.filter(title__startswith="Quantock").update(quality=49)
    GoldenRecord.objects.exclude(title__startswith="Quantock").update(quality=100)
    chart = quality_chart()
    assert {each["label"]: each["data"][0] for each in chart["datasets"]} == {
        "100": 50.0, "80 to 99": 0.0, "50 to 79": 0.0, "below 50": 50.0,
    }  # fmt: skip


def target(**values: object) -> TargetCounters:
    names = TargetCounters.__slots__
    plain = dict.fromkeys(names, 0)
    texts = dict.fromkeys(("paused_reason", "hold_code", "hold_note"), "")
    base = {
        **plain,
        **texts,
        "connection": "erp",
        "label": "ERP",
        "enabled": True,
        "paused": False,
        "breaker": "closed",
    }
    return TargetCounters(**{**base, **values})  # type: ignore[arg-type]  # built by name


def test_attention_puts_the_worst_first() -> None:
    found = attention_list(
        {**NOTHING, "reviews": 4, "rejected": 2}, [target(breaker="open"), target(paused=True)], [], []
    )
    assert [each.tone for each in found] == ["bad", "warn", "warn", "note"]
    assert found[0].text == "ERP does not answer: its breaker is open"
    assert found[-1].text == "4 pairs wait for a decision"
    [broken] = attention_list({**NOTHING, "exceptions": 190}, [], [], [])
    assert (broken.tone, broken.text, broken.link) == (
        "warn", "190 records break an invariant", reverse("admin:exceptions")
    )  # fmt: skip
    assert attention_list(NOTHING, [target()], [], []) == []


def test_the_dashboard_takes_as_many_statements_for_many_records() -> None:
    client = signed_in(Role.STEWARD)
    single_customer()
    page(client, "index")
    cache.clear()
    with counting_statements() as few:
        page(client, "index")
    for number, name in enumerate(["Alder", "Birch", "Cedar", "Dogwood"]):
        single_customer(f"P{number}", f"{name} Partners Ltd")
    cache.clear()
    with counting_statements() as many:
        page(client, "index")
    assert len(many) == len(few)
