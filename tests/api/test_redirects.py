"""A record that was merged away tells the way to its survivor, merge by merge, until one is undone."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

import pytest

from apps.core.clock import utcnow
from apps.mastering.models import Merge
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import merge_records, undo_merge
from tests.api.conftest import Caller
from tests.hub import NOW, account, home_of, master, seed
from tests.stewardship.test_merges import opportunity


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


@dataclass
class MergedAway:
    """A customer that was merged away between two moments, each of both with a key and an engagement of its own."""

    loser: UUID
    survivor: UUID
    key: str
    work: set[str]
    before: datetime
    after: datetime

    def then(self, moment: datetime) -> str:
        return f"as_of={quote(moment.isoformat())}"


@pytest.fixture
def merged(db: None) -> MergedAway:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    keys = {"A1": "Zephyr Mills Ltd", "A2": "Quantock Advisory Ltd"}
    master("salesforce.accounts", *(account(key, name) for key, name in keys.items()))
    master("salesforce.opportunities", *(opportunity(key.replace("A", "O"), key) for key in keys))
    homes = {key: home_of("salesforce", "customer", key) for key in keys}
    before = utcnow()
    survivor = merge_records(record_ids=list(homes.values()), method="steward", reason="", now=utcnow())
    key, loser = next((key, home) for key, home in homes.items() if home != survivor)
    work = {str(home_of("salesforce", "engagement", each)) for each in ("O1", "O2")}
    return MergedAway(loser, survivor, key, work, before, utcnow())


def test_the_old_id_answers_with_the_survivor_wherever_it_is_asked_for(
    steward: Caller, merged: MergedAway
) -> None:
    loser, survivor = str(merged.loser), str(merged.survivor)

    single = steward.get(f"customers/{loser}").json()
    assert (single["id"], single["redirected_from"]) == (survivor, loser)
    by_key = steward.get(f"customers/lookup?system=salesforce&key={merged.key}").json()
    assert (by_key["id"], by_key["redirected_from"]) == (survivor, None)

    asked = {"keys": [{"id": loser}, {"system": "salesforce", "key": merged.key}, {"id": survivor}]}
    found = steward.post("customers/lookup", asked).json()
    told = [(each["id"], each["redirected_from"]) for each in found["results"]]
    assert told == [(survivor, loser), (survivor, None), (survivor, None)]

    for asked_for in (loser, survivor):
        listed = steward.get(f"engagements?customer={asked_for}").json()["results"]
        assert {each["id"] for each in listed} == merged.work
        assert {each["attributes"]["customer"] for each in listed} == {survivor}
    assert [each["id"] for each in steward.get("customers").json()["results"]] == [survivor]


def test_as_of_a_time_before_the_merge_the_old_id_is_the_old_record_and_after_it_the_survivor(
    steward: Caller, merged: MergedAway
) -> None:
    loser, survivor = str(merged.loser), str(merged.survivor)

    was = steward.get(f"customers/{loser}?{merged.then(merged.before)}").json()
    assert (was["id"], was["redirected_from"], was["record_status"]) == (loser, None, "live")
    chain = steward.get(f"customers/{loser}/redirects?{merged.then(merged.before)}").json()
    assert chain == {"survivor": loser, "results": []}
    listed = steward.get(f"engagements?customer={loser}&{merged.then(merged.before)}").json()["results"]
    assert [each["attributes"]["customer"] for each in listed] == [loser]

    undo_merge(merge_id=Merge.objects.get().pk, reason="two firms", now=utcnow())

    then = steward.get(f"customers/{loser}?{merged.then(merged.after)}").json()
    assert (then["id"], then["redirected_from"]) == (survivor, loser)
    chain = steward.get(f"customers/{loser}/redirects?{merged.then(merged.after)}").json()
    assert (chain["survivor"], [step["id"] for step in chain["results"]]) == (survivor, [loser])
    listed = steward.get(f"engagements?customer={loser}&{merged.then(merged.after)}").json()["results"]
    assert {each["id"] for each in listed} == merged.work

    now = steward.get(f"customers/{loser}").json()
    assert (now["id"], now["redirected_from"]) == (loser, None)
    assert len(steward.get(f"engagements?customer={loser}").json()["results"]) == 1
