"""One by one, in any order, in batches or all at once: the golden records the engine makes; a re-match keeps them."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.clock import utcnow
from apps.golden.registry import entity
from apps.matching.engine import limits_of, match_table
from apps.matching.features import table_of
from apps.matching.models import ComparedPair, MatchRule, Verdict
from apps.matching.prepared import forms_of
from apps.matching.selectors import active_rule
from apps.matching.services import bind_pairs
from apps.matching.vetoes import vetoed_pairs
from apps.pipeline.services import rematch_entity, run_pending
from apps.quality.selectors import standardized_values
from apps.sources.landing import source_record_id
from apps.sources.models import Crosswalk
from apps.stewardship.models import ApprovalPolicy
from tests.hub import NOW, account, land, seed, state_of_golden_data

NAMES = (
    "Zephyr Mills Ltd",
    "Zephyr Mils Limited",
    "ZEPHYR GROUP MILLS LTD",
    "Zephyr Mills Leeds",
    "Quantock Mills Ltd",
)
TAX = ("", "", "GB980780684", "GB100000034")

rows = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(("", "+442079460001", "+441134960002")),
    st.sampled_from(("", "zephyr.example", "zephyr-mills.example")),
    st.sampled_from(("", "Leeds", "York")),
    st.sampled_from(TAX),
)
Row = tuple[str, str, str, str, str]
Parts = frozenset[frozenset[str]]


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Row], list[list[int]], set[tuple[int, int]], int]:
    """Records, their order cut into batches, pairs a person keeps apart, and the cap of a blocking key."""
    records = draw(st.lists(rows, min_size=3, max_size=7))
    order = draw(st.permutations(range(len(records))))
    cuts = sorted(draw(st.sets(st.integers(1, len(records) - 1))))
    batches = [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    pairs = [(a, b) for a in range(len(records)) for b in range(a)]
    apart = draw(st.sets(st.sampled_from(pairs), max_size=2))
    return records, batches, apart, draw(st.sampled_from((2, 3, 20)))


def source(number: int) -> UUID:
    return source_record_id("salesforce", "customer", f"A{number}")


def row(number: int, record: Row) -> dict[str, object]:
    name, phone, site, city, tax = record
    fields = {"Phone": phone, "Website": site, "BillingCity": city, "BillingCountryCode": "GB"}
    fields |= {"VAT__c": tax, "Tax_Country__c": "GB"} if tax else {}
    return dict(account(f"A{number}", name, **fields))


def feed(records: Sequence[Row], batches: Sequence[Sequence[int]], apart: set[tuple[int, int]]) -> Parts:
    """Feed the batches one after the other; what is kept apart is said as soon as both are there."""
    there: set[int] = set()
    for batch in batches:
        land("salesforce.accounts", *(row(number, records[number]) for number in batch))
        there |= set(batch)
        known = [(source(a), source(b)) for a, b in apart if {a, b} <= there and {a, b} & set(batch)]
        bind_pairs(entity="customer", pairs=known, verdict=Verdict.NEVER, reason="two firms", now=NOW)
        run_pending(batch=len(batch))
    return partition()


def partition() -> Parts:
    homes: dict[UUID, set[str]] = {}
    for key, home in Crosswalk.objects.filter(entity="customer").values_list("key", "record_id"):
        homes.setdefault(home, set()).add(key)
    return frozenset(frozenset(keys) for keys in homes.values())


def similar() -> set[tuple[UUID, UUID, int]]:
    return set(ComparedPair.objects.values_list("left_id", "right_id", "band"))


def with_cap(cap: int) -> None:
    rule = MatchRule.objects.get(entity="customer", status="active")
    rule.config, rule.activated_at = {**rule.config, "frequency_cap": cap}, utcnow()
    rule.save()


def as_one_batch(records: Sequence[Row], apart: set[tuple[int, int]]) -> Parts:
    """The clusters that the engine alone makes of the same records, all at once."""
    spec, rule = entity("customer"), active_rule("customer")
    keys = {source(number): f"A{number}" for number in range(len(records))}
    documents = standardized_values(ids=list(keys))
    ids = sorted(documents)
    told = {record: form.tells for record, form in forms_of(spec, rule, documents).items()}
    never = [(source(a), source(b)) for a, b in apart] + list(vetoed_pairs([ids], told))
    found = match_table(
        table_of(spec, ids, [documents[record] for record in ids]),
        rule.config,
        model=rule.model,
        never=[(ids.index(one), ids.index(other)) for one, other in never],
        limits=limits_of(rule.config),
    )
    parts: dict[int, set[str]] = {}
    for record, label in zip(ids, found.labels.tolist(), strict=True):
        parts.setdefault(label, set()).add(keys[record])
    return frozenset(frozenset(part) for part in parts.values())


def check(case: tuple[list[Row], list[list[int]], set[tuple[int, int]], int]) -> None:
    records, batches, apart, cap = case
    seed()
    ends = []
    for each in (batches, [[number for batch in batches for number in sorted(batch)]]):
        with transaction.atomic():
            ApprovalPolicy.objects.update(status="retired")
            with_cap(cap)
            ends.append((feed(records, each, apart), similar(), state_of_golden_data("customer")))
            assert partition() == as_one_batch(records, apart)
            if each is batches:
                run = rematch_entity(entity_name="customer")
                assert (run.status, run.merges, run.splits, run.changed) == ("done", 0, 0, 0)
                assert (partition(), similar()) == ends[0][:2]
            transaction.set_rollback(True)
    parts, pairs, state = ends[0]
    assert (parts, pairs) == ends[1][:2]
    assert state == ends[1][2]
    assert not [pair for pair in apart if any({f"A{pair[0]}", f"A{pair[1]}"} <= part for part in parts)]


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_order_and_batches_do_not_matter(
    case: tuple[list[Row], list[list[int]], set[tuple[int, int]], int],
) -> None:
    check(case)


@pytest.mark.full
@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_order_and_batches_do_not_matter_at_length(
    case: tuple[list[Row], list[list[int]], set[tuple[int, int]], int],
) -> None:
    check(case)
