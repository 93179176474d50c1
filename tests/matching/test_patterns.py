"""Decide a whole pattern of evidence: counted, sampled, set-based, refused where a single decision would be, undone."""

from uuid import UUID

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.core.bulk import raw_cursor
from apps.core.errors import Denied, Invalid
from apps.matching.contracts import FoundPair
from apps.matching.models import CandidatePair, PairDecision, PairStatus, PatternDecision, Verdict
from apps.matching.services import PatternGone, bind_pairs, withdraw_decision
from apps.matching.signatures import signature_of
from apps.matching.storage import store_pairs
from apps.pipeline.services import rematch_entity
from apps.sources.models import SourceRecord
from apps.stewardship.services import (
    decide_pair,
    decide_pattern,
    restore_pattern,
    settle_pattern,
    undo_pattern,
)
from tests.console.golden import counting_statements
from tests.hub import NOW, account, as_user, home_of, live, master, only, seed, state_of_golden_data

pytestmark = pytest.mark.django_db
FIRST = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel")
SECOND = ("Quartz", "Rhyolite", "Slate", "Tuff", "Umber", "Verdite", "Wolfram", "Xenolith")
EVIDENCE = [
    {"attribute": "name", "left": ["a", None], "right": ["b", None], "level": 7, "weight": 6.5},
    {
        "attribute": "domain",
        "left": ["a.example", None],
        "right": ["a.example", None],
        "level": 9,
        "weight": 8.0,
    },
    {"attribute": "phone", "left": ["1"], "right": [None], "level": 0, "weight": 0.0},
]
SIGNATURE = "domain:equal name:near"


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.fixture
def steward() -> User:
    return create_user(username="stella", password="a long pass phrase", roles=[Role.STEWARD])


def open_pairs(count: int, evidence: list[dict[str, object]] = EVIDENCE) -> list[CandidatePair]:
    """Return open pairs of customers that nothing else joins."""
    master("salesforce.accounts", *(account(f"L{k}", f"{FIRST[k]} Partners Ltd") for k in range(count)))
    master("salesforce.accounts", *(account(f"R{k}", f"{SECOND[k]} Holdings plc") for k in range(count)))
    return [open_pair(f"L{k}", f"R{k}", evidence) for k in range(count)]


def open_pair(one: str, other: str, evidence: list[dict[str, object]] = EVIDENCE) -> CandidatePair:
    left, right = sorted(SourceRecord.objects.filter(key__in=(one, other)).values_list("pk", flat=True))
    return CandidatePair.objects.create(
        entity="customer", left_id=left, right_id=right, probability=0.7, weight=1.5, evidence=evidence,
        rule_version=1, status="open", found_at=NOW,
    )  # fmt: skip


def decide(
    steward: User, verdict: Verdict, checked: list[UUID], signature: str = SIGNATURE
) -> PatternDecision:
    with as_user("stella", steward.pk):
        decision = decide_pattern(
            entity_name="customer",
            signature=signature,
            verdict=verdict,
            reason="same group",
            checked=checked,
            now=NOW,
        )
        return settle_pattern(pattern_id=decision.pk, now=NOW)


def test_the_database_and_the_code_agree_on_signatures() -> None:
    assert signature_of(EVIDENCE) == SIGNATURE
    assert signature_of([{**EVIDENCE[0], "level": level} for level in (1, 2, 5, 6, 8, 9)]).split() == [
        "name:different", "name:equal", "name:near", "name:near", "name:partly", "name:partly",
    ]  # fmt: skip


def test_not_a_match_on_a_pattern_binds_every_pair_and_only_those(steward: User) -> None:
    pairs = open_pairs(7)
    odd = pairs.pop()
    CandidatePair.objects.filter(pk=odd.pk).update(evidence=EVIDENCE[:1])
    done = decide(steward, Verdict.NEVER, [pair.pk for pair in pairs[:5]])
    assert (done.status, done.pairs, done.checked, done.refused) == ("done", 6, 5, [])
    assert set(CandidatePair.objects.filter(status="not_match").values_list("pk", flat=True)) == {
        p.pk for p in pairs
    }
    assert CandidatePair.objects.get(pk=odd.pk).status == "open"
    said = PairDecision.objects.filter(pattern=done)
    assert {(each.left_id, each.right_id) for each in said} == {(p.left_id, p.right_id) for p in pairs}
    assert {(e.verdict, e.decided_by, e.reason, e.rule_version) for e in said} == {
        ("never", "stella", "same group", 1)
    }
    assert all(each.evidence == EVIDENCE for each in said)
    assert len(live("customer")) == 14


def test_the_number_of_statements_does_not_grow_with_the_pairs(steward: User) -> None:
    spent = []
    for count, domain in ((1, 3), (2, 9), (6, 7)):
        CandidatePair.objects.all().delete()
        evidence = [EVIDENCE[0], {**EVIDENCE[1], "level": domain}]
        pairs = open_pairs(count, evidence)
        with counting_statements() as sent:
            decide(steward, Verdict.NEVER, [pair.pk for pair in pairs[:5]], signature_of(evidence))
        spent.append(len(sent))
    assert spent[1] == spent[2]


def test_match_on_a_pattern_merges_chains_too_and_undo_gives_everything_back(steward: User) -> None:
    pairs = open_pairs(3)
    pairs.append(open_pair("R0", "L1"))
    before = state_of_golden_data("customer")
    done = decide(steward, Verdict.MATCH, [pair.pk for pair in pairs])
    assert (done.status, done.refused) == ("done", [])
    assert home_of("salesforce", "customer", "L0") == home_of("salesforce", "customer", "R1")
    assert len(live("customer")) == 2
    with as_user("stella", steward.pk):
        undo_pattern(pattern_id=done.pk, reason="wrong group", now=NOW)
        undone = restore_pattern(pattern_id=done.pk, now=NOW)
    assert (undone.status, undone.undone_by, undone.undo_reason, undone.refused) == (
        "undone",
        "stella",
        "wrong group",
        [],
    )
    assert state_of_golden_data("customer") == before
    assert set(CandidatePair.objects.values_list("status", "pattern")) == {("open", None)}
    assert not PairDecision.objects.filter(withdrawn_at__isnull=True).exists()
    assert PairDecision.objects.filter(pattern=done).count() == 4


def test_undo_of_never_lets_the_pairs_wait_again(steward: User) -> None:
    pairs = open_pairs(2)
    done = decide(steward, Verdict.NEVER, [pair.pk for pair in pairs])
    with as_user("stella", steward.pk):
        undo_pattern(pattern_id=done.pk, reason="too fast", now=NOW)
        restore_pattern(pattern_id=done.pk, now=NOW)
    assert set(CandidatePair.objects.values_list("status", "decided_by", "reason")) == {("open", "", "")}
    assert [row.status for row in PatternDecision.history.order_by("history_id")] == [
        "running",
        "done",
        "undoing",
        "undone",
    ]


def test_a_pair_that_a_person_forbids_is_refused_and_the_rest_goes_on(steward: User) -> None:
    pairs = open_pairs(3)
    open_third = open_pair("L0", "R1")
    members = SourceRecord.objects.in_bulk()
    ids = {record.key: record.pk for record in members.values()}
    bind_pairs(
        entity="customer", pairs=[(ids["L0"], ids["L1"])], verdict=Verdict.NEVER, reason="rivals", now=NOW
    )
    done = decide(steward, Verdict.MATCH, [pair.pk for pair in [*pairs, open_third]])
    assert done.status == "done"
    refused = only(done.refused)
    assert "keeps two members" in refused["reason"]
    assert CandidatePair.objects.get(pk=refused["pair"]).status == "open"
    assert home_of("salesforce", "customer", "L0") != home_of("salesforce", "customer", "L1")


def test_a_reason_a_sample_and_the_capability_are_demanded(steward: User) -> None:
    pairs = open_pairs(6)
    viewer = create_user(username="vera", password="a long pass phrase", roles=[Role.VIEWER])

    def ask(reason: str, checked: list[UUID]) -> None:
        decide_pattern(
            entity_name="customer",
            signature=SIGNATURE,
            verdict=Verdict.NEVER,
            reason=reason,
            checked=checked,
            now=NOW,
        )

    with as_user("vera", viewer.pk), pytest.raises(Denied):
        ask("x", [pair.pk for pair in pairs])
    with as_user("stella", steward.pk):
        with pytest.raises(Invalid):
            ask(" ", [pair.pk for pair in pairs])
        with pytest.raises(Invalid, match="Look at 5 pairs"):
            ask("x", [pair.pk for pair in pairs[:4]])
        with pytest.raises(PatternGone):
            decide_pattern(
                entity_name="customer",
                signature="name:equal",
                verdict=Verdict.NEVER,
                reason="x",
                checked=[],
                now=NOW,
            )
    assert not PatternDecision.objects.exists()
    assert set(CandidatePair.objects.values_list("status", flat=True)) == {"open"}


def test_a_pair_whose_evidence_changes_leaves_the_pattern_before_it_is_answered(steward: User) -> None:
    first, second = open_pairs(2)
    with as_user("stella", steward.pk):
        decision = decide_pattern(
            entity_name="customer", signature=SIGNATURE, verdict=Verdict.NEVER, reason="x",
            checked=[first.pk, second.pk], now=NOW,
        )  # fmt: skip
    other = [{**EVIDENCE[0], "level": 9}, *EVIDENCE[1:]]
    found = FoundPair(second.left_id, second.right_id, 0.9, 5.0, 1, other)
    with raw_cursor() as cursor:
        store_pairs(cursor, "customer", [(found, PairStatus.OPEN)], rule_version=1, now=NOW)
    with as_user("stella", steward.pk):
        settle_pattern(pattern_id=decision.pk, now=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status, second.pattern_id) == ("not_match", "open", None)


def test_what_is_asked_again_carries_nothing_of_the_answer_before() -> None:
    [pair] = open_pairs(1)
    pattern = PatternDecision.objects.create(
        entity="customer",
        signature=SIGNATURE,
        verdict="never",
        reason="r",
        pairs=1,
        checked=1,
        decided_at=NOW,
    )
    CandidatePair.objects.update(status="obsolete", decided_at=NOW, pattern=pattern)
    found = FoundPair(pair.left_id, pair.right_id, 0.7, 1.5, 1, EVIDENCE)
    with raw_cursor() as cursor:
        assert store_pairs(cursor, "customer", [(found, PairStatus.OPEN)], rule_version=1, now=NOW) == 1
    pair.refresh_from_db()
    assert (pair.status, pair.decided_at, pair.pattern_id) == ("open", None, None)


def test_a_stopped_decision_goes_on_where_it_was(steward: User) -> None:
    pairs = open_pairs(2)
    with as_user("stella", steward.pk):
        decision = decide_pattern(
            entity_name="customer", signature=SIGNATURE, verdict=Verdict.NEVER, reason="x",
            checked=[pair.pk for pair in pairs], now=NOW,
        )  # fmt: skip
        decide_pair(
            pair_id=pairs[0].pk, verdict=Verdict.NEVER, reason="alone", now=NOW, pattern_id=decision.pk
        )
        done = settle_pattern(pattern_id=decision.pk, now=NOW)
        again = settle_pattern(pattern_id=decision.pk, now=NOW)
    assert (done.status, again.status) == ("done", "done")
    assert PairDecision.objects.filter(pattern=decision).count() == 2


def test_a_never_match_outlives_rematch_and_merges_until_a_person_takes_it_back(steward: User) -> None:
    rows = [
        account(key, name, Website="zephyr.example", Phone="+442079460001", BillingCity="Leeds")
        for key, name in (("Z1", "Zephyr Mills Ltd"), ("Z2", "Zephyr Mills Limited"))
    ]
    master("salesforce.accounts", *rows, account("Z3", "Zephyr Weaving plc"))
    ids = dict(SourceRecord.objects.filter(key__in=("Z1", "Z2", "Z3")).values_list("key", "pk"))
    home = home_of("salesforce", "customer", "Z1")
    assert home_of("salesforce", "customer", "Z2") == home
    pair = only(CandidatePair.objects.filter(status="auto"))
    CandidatePair.objects.filter(pk=pair.pk).update(status="open")
    with as_user("stella", steward.pk):
        decide_pair(pair_id=pair.pk, verdict=Verdict.NEVER, reason="two mills", now=NOW)
    assert home_of("salesforce", "customer", "Z1") != home_of("salesforce", "customer", "Z2")
    third = open_pair("Z2", "Z3")
    with as_user("stella", steward.pk):
        decide_pair(pair_id=third.pk, verdict=Verdict.MATCH, reason="bought", now=NOW)
    with transaction.atomic():
        rematch_entity(entity_name="customer")
    assert home_of("salesforce", "customer", "Z1") != home_of("salesforce", "customer", "Z2")
    assert home_of("salesforce", "customer", "Z2") == home_of("salesforce", "customer", "Z3")
    never = PairDecision.objects.get(left__in=ids.values(), verdict="never", withdrawn_at__isnull=True)
    withdraw_decision(decision_id=never.pk, reason="one after all", now=NOW)
    assert CandidatePair.objects.get(pk=pair.pk).status == "open"
    rematch_entity(entity_name="customer")
    assert home_of("salesforce", "customer", "Z1") == home_of("salesforce", "customer", "Z2")
