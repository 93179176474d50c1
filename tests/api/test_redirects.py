"""A record that was merged away tells the way to its survivor, merge by merge, until one is undone."""

import pytest

from apps.mastering.models import Merge
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import merge_records, undo_merge
from tests.api.conftest import Caller
from tests.hub import NOW, account, home_of, master, seed


@pytest.mark.django_db
def test_the_chain_leads_from_the_loser_to_the_survivor(steward: Caller) -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    names = ("Zephyr Mills Ltd", "Quantock Advisory Ltd", "Bramble Foods plc")
    master("salesforce.accounts", *(account(f"A{n}", name) for n, name in enumerate(names)))
    first, second, third = (home_of("salesforce", "customer", f"A{n}") for n in range(3))
    one = merge_records(record_ids=[first, second], method="steward", reason="the same", now=NOW)
    last = merge_records(record_ids=[one, third], method="steward", reason="the same group", now=NOW)
    loser = next(record for record in (first, second) if record != one)

    told = steward.get(f"customers/{loser}/redirects").json()

    assert told["survivor"] == str(last)
    merges = list(Merge.objects.order_by("pk"))
    assert [(step["id"], step["merged_into"], step["reason"]) for step in told["results"]] == [
        (str(each.loser_id), str(each.survivor_id), each.reason)
        for each in merges
        if each.loser_id == loser or (each.survivor_id == last and one != last)
    ]
    assert told["results"][-1]["merged_into"] == str(last)
    assert steward.get(f"customers/{last}/redirects").json() == {"survivor": str(last), "results": []}

    undo_merge(merge_id=merges[-1].pk, reason="not the same", now=NOW)
    assert steward.get(f"customers/{loser}/redirects").json()["survivor"] == str(one)
