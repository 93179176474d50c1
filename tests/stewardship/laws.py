"""A hub that people and systems do anything to, in any order: what must hold whatever they do."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.core.errors import HubError
from apps.distribution.models import ExternalRef
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.mastering.contracts import Choices, Offer
from apps.mastering.models import Merge, Pin, RefusedReference
from apps.mastering.services import structural_differences
from apps.matching.models import CandidatePair, Verdict
from apps.pipeline.services import rematch_entity, run_pending
from apps.sources.models import Crosswalk
from apps.stewardship.models import ApprovalPolicy, ChangeRequest
from apps.stewardship.services import (
    approve_request,
    chunks_of,
    compare_records,
    decide_pair,
    merge_records,
    move_in_tree,
    offers_for,
    propose_values,
    reject_request,
    release_pin,
    split_records,
    undo_merge,
)
from tests.hub import NOW, account, erp_customer, land, live

NAMES = ("Zephyr Mills Ltd", "Quantock Advisory Ltd", "Blue Ridge Holding plc", "Zephyr Mills Limited")
KEYS = st.integers(0, 4)
PICK = st.integers(0, 50)
ENTITIES = ("customer", "engagement")
KINDS = {"pin": "pins", "request": "requests", "child": "children"}


class Hub(RuleBasedStateMachine):
    """Two systems, customers with parents, engagements; every deed through the verb that people and systems use."""

    policy = False

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now: datetime = NOW
        if not self.policy:
            ApprovalPolicy.objects.update(status="retired")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def send(self, layout: str, row: Any) -> None:
        now = self.tick()
        stamp = "lastModifiedDate" if layout.startswith("netsuite") else "SystemModstamp"
        land(layout, {**row, stamp: now.isoformat()}, now=now)
        run_pending()

    @initialize()
    def begin(self) -> None:
        for key in (0, 1):
            self.send("salesforce.accounts", account(f"A{key}", NAMES[key], Status__c="Active"))

    @rule(
        key=KEYS,
        name=st.sampled_from(NAMES),
        segment=st.sampled_from([None, "Gold", "Tin"]),
        deleted=st.booleans(),
    )
    def crm_sends_a_customer(self, key: int, name: str, segment: str | None, deleted: bool) -> None:
        row = account(f"A{key}", name, Segment__c=segment, Status__c="Active", IsDeleted=deleted)
        self.send("salesforce.accounts", row)

    @rule(key=KEYS, above=KEYS)
    def crm_names_a_parent(self, key: int, above: int) -> None:
        row = account(f"A{key}", NAMES[key % 3], ParentId=f"A{above}", Status__c="Active")
        self.send("salesforce.accounts", row)

    @rule(key=KEYS, name=st.sampled_from(NAMES), phone=st.sampled_from([None, "+442079460001"]))
    def erp_sends_a_customer(self, key: int, name: str, phone: str | None) -> None:
        self.send("netsuite.customers", erp_customer(f"E{key}", name, phone=phone, entityId=f"C{key}"))

    @rule(key=KEYS, customer=KEYS, deleted=st.booleans())
    def crm_sends_an_engagement(self, key: int, customer: int, deleted: bool) -> None:
        row = {
            "Id": f"O{key}", "Name": f"Roll-out {key}", "AccountId": f"A{customer}", "Amount": "1000",
            "CurrencyIsoCode": "EUR", "IsWon": True, "StageName": "Closed Won", "Contract_Number__c": f"CT-{key}",
            "IsDeleted": deleted,
        }  # fmt: skip
        self.send("salesforce.opportunities", row)

    def customer(self, at: int) -> UUID:
        found = live("customer")
        return found[at % len(found)]

    @precondition(lambda self: live("customer"))
    @rule(
        at=PICK,
        name=st.sampled_from(["segment", "industry", "legal_name"]),
        value=st.sampled_from(["nace:24", "nace:13"]),
    )
    def steward_sets_a_value(self, at: int, name: str, value: str) -> None:
        propose_values(record_id=self.customer(at), values={name: value}, reason="told", now=self.tick())

    @precondition(lambda self: live("customer"))
    @rule(at=PICK, above=PICK)
    def steward_sets_a_parent(self, at: int, above: int) -> None:
        values = {"parent": str(self.customer(above))}
        attempt(propose_values, record_id=self.customer(at), values=values, reason="told", now=self.tick())
        run_pending()

    @precondition(lambda self: live("customer"))
    @rule(at=PICK, above=PICK, day=st.sampled_from([None, date(2026, 7, 1)]))
    def steward_moves_in_a_tree(self, at: int, above: int, day: date | None) -> None:
        attempt(
            move_in_tree, record_id=self.customer(at), kind="legal", parent_id=self.customer(above), first=day,
            reason="re-organised", now=self.tick(),
        )  # fmt: skip
        run_pending()

    @precondition(lambda self: Pin.objects.filter(ended_at__isnull=True).exists())
    @rule(at=PICK)
    def steward_releases_a_pin(self, at: int) -> None:
        pins = list(Pin.objects.filter(ended_at__isnull=True).order_by("pk"))
        release_pin(pin_id=pins[at % len(pins)].pk, reason="no more", now=self.tick())
        run_pending()

    @precondition(lambda self: ChangeRequest.objects.filter(status="pending").exists())
    @rule(at=PICK, agreed=st.booleans())
    def approver_answers(self, at: int, agreed: bool) -> None:
        waiting = list(ChangeRequest.objects.filter(status="pending").order_by("pk"))
        answer = approve_request if agreed else reject_request
        attempt(answer, request_id=waiting[at % len(waiting)].pk, reason="seen", now=self.tick())
        run_pending()

    @precondition(lambda self: len(live("customer")) > 1)
    @rule(one=PICK, other=PICK)
    def steward_merges(self, one: int, other: int) -> None:
        ids = [self.customer(one), self.customer(other)]
        attempt(merge_records, record_ids=ids, method="steward", reason="one firm", now=self.tick())
        run_pending()

    @precondition(lambda self: Merge.objects.filter(unmerged_at__isnull=True).exists())
    @rule(at=PICK, sides=st.randoms(use_true_random=False))
    def steward_undoes_a_merge(self, at: int, sides: Random) -> None:
        merges = list(Merge.objects.filter(unmerged_at__isnull=True).order_by("pk"))
        merge = merges[at % len(merges)].pk
        choices = Choices()
        with suppress(HubError):
            _, offers = offers_for(merge_id=merge)
            choices = chosen_at_random(offers, sides)
        attempt(undo_merge, merge_id=merge, reason="two firms", now=self.tick(), choices=choices)
        run_pending()

    @precondition(lambda self: live("customer"))
    @rule(at=PICK, member=PICK)
    def steward_takes_a_member_out(self, at: int, member: int) -> None:
        record = self.customer(at)
        members = list(Crosswalk.objects.filter(record=record).order_by("key").values_list("pk", flat=True))
        chosen = [members[member % len(members)]]
        attempt(split_records, record_id=record, source_record_ids=chosen, reason="another", now=self.tick())
        run_pending()

    @precondition(lambda self: CandidatePair.objects.filter(status="open").exists())
    @rule(at=PICK, verdict=st.sampled_from([Verdict.MATCH, Verdict.NEVER]))
    def steward_decides_a_pair(self, at: int, verdict: Verdict) -> None:
        pairs = list(CandidatePair.objects.filter(status="open").order_by("pk"))
        attempt(
            decide_pair, pair_id=pairs[at % len(pairs)].pk, verdict=verdict, reason="seen", now=self.tick()
        )
        run_pending()

    @rule()
    def night_comes(self) -> None:
        rematch_entity(entity_name="customer")
        run_pending()

    @precondition(lambda self: len(live("customer")) > 1)
    @rule(one=PICK, other=PICK)
    def merge_then_unmerge_is_the_identity(self, one: int, other: int) -> None:
        before = snapshot()
        ids = [self.customer(one), self.customer(other)]
        if attempt(merge_records, record_ids=ids, method="steward", reason="one firm", now=self.tick()):
            merge = Merge.objects.latest("pk")
            undo_merge(merge_id=merge.pk, reason="two firms", now=self.tick())
            assert_same(before, snapshot())
        run_pending()

    @invariant()
    def golden_records_are_what_they_are_computed_from(self) -> None:
        for name in ENTITIES:
            spec = entity(name)
            assert list(structural_differences(spec)) == []
            for ids in chunks_of(spec):
                assert compare_records(spec, ids, now=self.now) == []


def chosen_at_random(offers: Sequence[Offer], sides: Random) -> Choices:
    """Return a side for some of the pins, requests and children that are offered."""
    stored: dict[str, dict[str, str]] = {}
    for offer in offers:
        if offer.kind != "member" and sides.random() < 0.5:
            stored.setdefault(KINDS[offer.kind], {})[offer.key] = sides.choice(offer.options)
    return Choices.of_json(stored)


def attempt(verb: Any, **given: Any) -> bool:
    """Do it unless the hub refuses; what it refuses must leave no trace."""
    before = snapshot()
    try:
        with transaction.atomic():
            verb(**given)
    except HubError:
        assert_same(before, snapshot())
        return False
    return True


def snapshot() -> dict[str, Any]:
    """Return everything that a merge moves and its undoing gives back.

    Values, items and provenance with the time of each decision, of every record that is no redirect, those that refer
    included; headers; who belongs where and how he came there; pins; what waits for approval; ids in targets; which
    references are refused for leading back to their start. Versions count on, and both sides are kept apart by
    never-match from then on: that they were one happened.
    """
    state: dict[str, Any] = {}
    for name in ENTITIES:
        there = GoldenRecord.objects.filter(entity=name).exclude(status=RecordStatus.MERGED)
        for record, document in load_documents(entity(name), there.values_list("pk", flat=True)).items():
            state[f"{name} {record}"] = document
    state["headers"] = set(
        GoldenRecord.objects.values_list("pk", "merged_into_id", "status", "title", "quality")
    )
    state["members"] = set(Crosswalk.objects.values_list("pk", "record_id", "method"))
    pins = Pin.objects.filter(ended_at__isnull=True)
    state["pins"] = sorted(map(repr, pins.values_list("pk", "record_id", "attribute", "value", "pinned_at")))
    proposals = ChangeRequest.objects.filter(status="pending")
    state["requests"] = sorted(
        map(repr, proposals.values_list("record_id", "group", "before", "after", "pins"))
    )
    state["targets"] = set(
        ExternalRef.objects.values_list("lane_id", "record_id", "external_id", "native_id")
    )
    refused = RefusedReference.objects.values_list("record_id", "attribute", "target_id", "among")
    state["refused"] = sorted(map(repr, refused))
    state["merges"] = set(Merge.objects.filter(unmerged_at__isnull=True).values_list("loser", "survivor"))
    return state


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert not differing, {name: (before.get(name), after.get(name)) for name in differing}
