"""What rules part again comes back as it was; only that a reference was decided anew is news."""

import pytest

from apps.golden.models import GoldenRecord
from apps.mastering.models import Merge
from apps.matching.models import MatchRule
from apps.pipeline.services import rematch_entity, run_pending
from apps.stewardship.models import ApprovalPolicy
from tests.hub import document_of, home_of, live, master, only, seed
from tests.pipeline.test_rematch import thresholds, twins
from tests.stewardship.test_merges import opportunity

pytestmark = pytest.mark.django_db
STRICT = 0.99999999


def test_records_and_references_come_back_and_a_reference_says_since_when() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    shipped = MatchRule.objects.get(entity="customer", status="active").config
    thresholds(STRICT, STRICT / 10)
    master("salesforce.accounts", *twins("A", 1), *twins("B", 1))
    master("salesforce.opportunities", opportunity("O1", "A0"), opportunity("O2", "B0"))
    customers = [home_of("salesforce", "customer", key) for key in ("A0", "B0")]
    work = [home_of("salesforce", "engagement", key) for key in ("O1", "O2")]
    before = {each: document_of(each) for each in (*customers, *work)}

    thresholds(shipped["match_threshold"], shipped["review_threshold"])
    rematch_entity(entity_name="customer")
    run_pending()
    merge = only(Merge.objects.all())
    assert {document_of(each)["customer"] for each in work} == {str(merge.survivor_id)}

    thresholds(STRICT, 0.2)
    rematch_entity(entity_name="customer")
    run_pending()

    assert sorted(live("customer")) == sorted(customers)
    assert {each: document_of(each) for each in customers} == {each: before[each] for each in customers}
    merge.refresh_from_db()
    assert merge.unmerged_at is not None
    for each in work:
        after = document_of(each)
        if before[each]["customer"] == str(merge.loser_id):
            since = after["provenance"]["customer"].pop("at")
            assert since == GoldenRecord.objects.get(pk=each).updated_at.isoformat(timespec="seconds")
            before[each]["provenance"]["customer"].pop("at")
        assert after == before[each]
