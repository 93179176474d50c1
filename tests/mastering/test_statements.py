"""Planning and applying cost a fixed number of statements, however many source records changed."""

import pytest
from django.db import transaction

from apps.golden.registry import entity
from apps.mastering.engine.ownership import Verdict
from apps.mastering.services import OwnershipCell, apply_plan, plan_records, take_turn
from apps.matching.services import match_batch
from apps.pipeline.run import master, standardize
from apps.sources.models import SourceRecord
from apps.sources.services import claim_pending
from apps.stewardship.services import route_plan
from tests.counting import counted_statements
from tests.hub import NOW, account, land, seed
from tests.mastering.ruling import rule

pytestmark = pytest.mark.django_db


def statements_of(count: int, start: int) -> tuple[int, int]:
    """Land new customers; return how many statements planning and applying them takes."""
    rows = [
        account(f"A{n}", f"Firm {n} Ltd", Phone=f"+44 20 7946 {n:04}") for n in range(start, start + count)
    ]
    SourceRecord.objects.update(pending_since=None)  # others wait because they could refer to what is new
    land("salesforce.accounts", *rows)
    spec = entity("customer")
    with transaction.atomic():
        landed = claim_pending(entity="customer", limit=10_000)
        to_match, _ = standardize(spec, landed, now=NOW)
        take_turn()
        matched = match_batch(spec=spec, records=to_match, now=NOW)
        with counted_statements() as planning:
            plan = master(spec, landed, matched, now=NOW)
        routed = route_plan(plan=plan, now=NOW)
        with counted_statements() as applying:
            apply_plan(plan=routed, now=NOW)
    assert len(plan.changes) == len(landed) == count
    with transaction.atomic(), counted_statements() as again:
        records = [change.record_id for change in plan.changes]
        apply_plan(plan=plan_records(spec=spec, record_ids=records, now=NOW), now=NOW)
    return len(planning), len(applying) + len(again)


def test_planning_and_applying_take_a_fixed_number_of_statements() -> None:
    """Verdicts included: one group is rejected, another shadowed."""
    seed()
    rule(
        {
            ("contact", "*"): OwnershipCell(("erp",), Verdict.REJECT),
            ("name", "*"): OwnershipCell(("crm",), Verdict.SHADOW),
        }
    )
    statements_of(3, 0)  # temporary tables are made once per connection
    few, many = statements_of(3, 10), statements_of(90, 100)
    assert few == many
    assert 5 < few[0] <= 12
