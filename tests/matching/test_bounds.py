"""Giants cost no more than a bound, and keep nobody but themselves as they are."""

from uuid import UUID

import pytest
from django.db.models import Q

from apps.core.bulk import raw_cursor
from apps.golden.registry import entity
from apps.matching import absorbing, neighbourhood, vetoes
from apps.matching.models import ComparedPair
from apps.matching.selectors import active_rule
from apps.matching.vetoes import vetoed_pairs
from apps.pipeline.services import run_pending
from apps.sources.landing import source_record_id
from apps.sources.models import Crosswalk
from tests.hub import account, land, seed


def source(key: str) -> UUID:
    return source_record_id("salesforce", "customer", key)


def firm(key: str, name: str) -> dict[str, object]:
    fields = {"Phone": "+442079460001", "Website": "zephyr.example", "BillingCity": "Leeds"}
    return dict(account(key, name, **fields, BillingCountryCode="GB"))


def test_a_large_group_is_kept_apart_by_its_values_too(monkeypatch: pytest.MonkeyPatch) -> None:
    group = [UUID(int=number) for number in range(1, 402)]
    told = {record: {"tax_ids:GB": "one"} for record in group[:-1]} | {group[-1]: {"tax_ids:GB": "two"}}
    assert set(vetoed_pairs([group], told)) == {(record, group[-1]) for record in group[:-1]}
    monkeypatch.setattr(vetoes, "MOST_VETOES", 7)
    assert len(list(vetoed_pairs([group], told))) == 7


@pytest.mark.django_db
def test_a_record_is_paired_with_so_many_housemates_and_with_those_it_resembled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed()
    land("salesforce.accounts", *(firm(f"A{number}", "Zephyr Mills Ltd") for number in range(6)))
    run_pending()
    assert Crosswalk.objects.values("record_id").distinct().count() == 1
    home = Crosswalk.objects.values_list("record_id", flat=True)[0]
    first, *others = sorted(source(f"A{number}") for number in range(6))
    monkeypatch.setattr(absorbing, "MOST", 2)
    with raw_cursor() as cursor:
        found = absorbing._housemates(cursor, {first: home}, [(first, others[-1])])
    assert found == {(first, others[0]), (first, others[1]), (first, others[-1])}


@pytest.mark.django_db
def test_a_giant_keeps_only_itself_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two firms' evidence is gone: they part although the giant beside them is more than one decision looks at."""
    seed()
    land("salesforce.accounts", *(firm(f"A{number}", "Zephyr Mills Ltd") for number in range(6)))
    pair = {"Phone": "+441134960002", "Website": "quantock.example", "BillingCity": "York"}
    land("salesforce.accounts", *(account(key, "Quantock Baking Ltd", **pair) for key in ("B1", "B2")))
    run_pending()
    assert Crosswalk.objects.values("record_id").distinct().count() == 2
    two = [source("B1"), source("B2")]
    ComparedPair.objects.filter(Q(left_id__in=two) | Q(right_id__in=two)).delete()
    monkeypatch.setattr(neighbourhood, "MOST", 6)
    seeds = [*(source(f"A{number}") for number in range(6)), *two]
    with raw_cursor() as cursor:
        hood = neighbourhood.decide(cursor, entity("customer"), active_rule("customer"), seeds)
    assert sorted(map(len, hood.groups)) == [1, 1, 6]
    assert sorted(record for group in hood.groups for record in group) == sorted(seeds)
