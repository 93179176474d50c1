"""The review queue: the likeliest first, evidence shown, answers merge or keep apart, htmx brings the next pair."""

import pytest
from django.urls import reverse

from apps.accounts.roles import Role
from apps.console.masking import MASK, Sight
from apps.console.reviews.comparing import compare_pair
from apps.golden.registry import entity
from apps.matching.models import CandidatePair, PairDecision
from apps.sources.models import SourceRecord
from tests.console.golden import single_customer
from tests.console.signing import page, press, signed_in, told
from tests.hub import NOW, live, only, seed

pytestmark = pytest.mark.django_db
EVIDENCE = [
    {
        "attribute": "name",
        "left": ["Zephyr Mills Ltd"],
        "right": ["Zephyr Mill Ltd"],
        "level": 7,
        "weight": 6.5,
    },
    {
        "attribute": "email",
        "left": ["a@zephyr.example"],
        "right": ["b@zephyr.example"],
        "level": 1,
        "weight": -2.5,
    },
]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def pair(number: int, probability: float) -> CandidatePair:
    """Return an open pair of two customers that nothing else joins."""
    first = ["Alder", "Birch", "Cedar", "Dogwood"][number]
    second = ["Quartz", "Rhyolite", "Slate", "Tuff"][number]
    keys = (f"L{number}", f"R{number}")
    single_customer(keys[0], f"{first} Partners Ltd")
    single_customer(keys[1], f"{second} Holdings plc")
    left, right = sorted(SourceRecord.objects.filter(key__in=keys).values_list("pk", flat=True))
    return CandidatePair.objects.create(
        entity="customer", left_id=left, right_id=right, probability=probability, weight=3.0,
        evidence=EVIDENCE, rule_version=1, status="open", found_at=NOW,
    )  # fmt: skip


def test_the_queue_starts_with_the_likeliest_pair() -> None:
    low, high = pair(0, 0.4), pair(1, 0.9)
    html = page(signed_in(Role.STEWARD), "reviews")
    assert "90.0%" in html
    assert f'action="{reverse("admin:review", args=(high.pk,))}' in html
    assert reverse("admin:review", args=(low.pk,)) in html


def test_evidence_is_a_waterfall_from_the_prior_to_the_total() -> None:
    spec = entity("customer")
    comparison = compare_pair(spec, pair(0, 0.5), Sight(spec, True))
    assert [(each.title, each.bits) for each in comparison.weights] == [
        ("Before looking", -1.0), ("Legal name", 6.5), ("E-mail", -2.5),
    ]  # fmt: skip
    # from 0 to -1, up to 5.5, down to 3: a scale of 6.5 bits that begins at -1
    assert [(each.start, each.width) for each in comparison.weights] == [
        (0.0, 15.38), (0.0, 100.0), (61.54, 38.46),
    ]  # fmt: skip


def test_match_merges_both_and_shows_the_next_pair() -> None:
    first, second = pair(0, 0.9), pair(1, 0.5)
    client = signed_in(Role.STEWARD)
    answer = press(client, "review", first.pk, verdict="match", reason="same house")
    assert answer["Location"] == reverse("admin:review", args=(second.pk,))
    first.refresh_from_db()
    assert first.status == "match"
    decision = only(PairDecision.objects.all())
    assert (decision.verdict, decision.decided_by, decision.reason) == ("match", "the-steward", "same house")
    assert len(live("customer")) == 3
    assert "1 decided today" in page(client, "reviews")


def test_not_a_match_keeps_both_apart() -> None:
    first = pair(0, 0.9)
    client = signed_in(Role.STEWARD)
    told_ = told(client, "review", first.pk, verdict="never", reason="")
    assert told_[0].startswith("NOT A MATCH: kept apart.")
    assert only(PairDecision.objects.all()).verdict == "never"
    assert len(live("customer")) == 2
    assert "Nothing waits for review" in page(client, "reviews")


def test_htmx_gets_the_next_pair_alone() -> None:
    first, second = pair(0, 0.9), pair(1, 0.5)
    client = signed_in(Role.STEWARD)
    answer = client.post(
        reverse("admin:review", args=(first.pk,)),
        {"verdict": "never"},
        headers={"HX-Request": "true"},
    )
    html = answer.content.decode()
    assert answer["HX-Push-Url"] == reverse("admin:review", args=(second.pk,))
    assert "<html" not in html
    assert "NOT A MATCH: kept apart." in html
    assert f'action="{reverse("admin:review", args=(second.pk,))}' in html


def test_a_decided_pair_is_not_decided_again() -> None:
    first = pair(0, 0.9)
    client = signed_in(Role.STEWARD)
    press(client, "review", first.pk, verdict="never")
    messages = told(client, "review", first.pk, verdict="match")
    assert messages[1:] == ["This pair was decided already. It is decided as not a match; take the next one."]
    assert len(live("customer")) == 2


def test_viewers_look_but_do_not_decide() -> None:
    first = pair(0, 0.9)
    client = signed_in(Role.VIEWER)
    assert 'name="verdict"' not in page(client, "review", first.pk)
    assert press(client, "review", first.pk, verdict="match").status_code == 403
    first.refresh_from_db()
    assert first.status == "open"


def test_personal_evidence_is_masked_for_viewers() -> None:
    spec = entity("resource")
    feature = next(each for each in spec.match.features if each.path == "email")
    found = pair(0, 0.5)
    found.evidence = [{**EVIDENCE[1], "attribute": feature.name}]
    weights = compare_pair(spec, found, Sight(spec, False)).weights
    assert (weights[1].left, weights[1].right) == (MASK, MASK)
