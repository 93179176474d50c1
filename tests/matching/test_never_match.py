"""A never-match holds over whole golden records, whatever the batches and their order."""

from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.golden.models import GoldenRecord
from apps.matching.models import Verdict
from apps.matching.services import bind_pairs
from apps.pipeline.services import rematch_entity, run_pending
from apps.sources.landing import source_record_id
from apps.sources.models import Crosswalk
from tests.hub import NOW, account, land, seed

KEYS = ("A1", "A2", "A3", "A4")
NAMES = ("Zephyr Mills Ltd", "Zephyr Mills Limited", "ZEPHYR MILLS LTD.")

pairs = st.sampled_from([(a, b) for a in KEYS for b in KEYS if a < b])
batches = st.lists(st.lists(st.sampled_from(KEYS), unique=True, min_size=1), min_size=1, max_size=3)


def source(key: str) -> UUID:
    return source_record_id("salesforce", "customer", key)


def row(key: str, version: int) -> dict[str, object]:
    name = NAMES[(int(key[1]) + version) % len(NAMES)]
    fields = {"Website": "zephyr.example", "Phone": "+442079460001", "BillingCity": "Leeds"}
    return {**account(key, name, **fields), "SystemModstamp": f"2026-02-{version + 1:02}"}


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(pairs, min_size=1, max_size=3), st.permutations(KEYS), st.integers(1, 4), batches)
def test_never_match_holds_over_batches(
    apart: set[tuple[str, str]], order: list[str], first_batch: int, later: list[list[str]]
) -> None:
    """Four records of one firm, of which a person keeps some apart before their golden records are made."""
    seed()
    with transaction.atomic():
        for batch in (order[:first_batch], order[first_batch:]):
            if batch:
                land("salesforce.accounts", *(row(key, 0) for key in batch))
        bind_pairs(
            entity="customer",
            pairs=[(source(a), source(b)) for a, b in apart],
            verdict=Verdict.NEVER,
            reason="two firms",
            now=NOW,
        )
        run_pending(batch=first_batch)
        for version, batch in enumerate(later, start=1):
            land("salesforce.accounts", *(row(key, version) for key in batch))
            run_pending(batch=2)
        rematch_entity(entity_name="customer")
        homes = dict(Crosswalk.objects.filter(entity="customer").values_list("key", "record_id"))
        assert set(homes) == set(KEYS)
        assert not [pair for pair in apart if homes[pair[0]] == homes[pair[1]]]
        live = GoldenRecord.objects.filter(entity="customer", status="live")
        assert set(live.values_list("pk", flat=True)) == set(homes.values())
        assert live.count() < len(KEYS) or len(apart) > 2
        transaction.set_rollback(True)
