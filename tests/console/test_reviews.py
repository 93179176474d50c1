"""The review queue: what is worth most first, evidence drawn, answers merge or keep apart, htmx brings the next."""

from itertools import pairwise

import pytest
from django.urls import reverse

from apps.accounts.roles import Role
from apps.console.matching.waterfall import picture_of
from apps.console.reviews.queue import next_pair, open_pairs, pair_before
from apps.golden.registry import entity
from apps.matching.models import CandidatePair, PairDecision
from apps.matching.selectors import recall_pair
from apps.sources.models import SourceRecord
from tests.console.golden import WORKER, counting_statements, single_customer
from tests.console.signing import page, press, signed_in, told
from tests.hub import NOW, live, master, only, seed

pytestmark = pytest.mark.django_db
EVIDENCE = [
    {
        "attribute": "name",
        "left": ["Zephyr Mills Ltd", None],
        "right": ["Zephyr Mill Ltd", None],
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


def pair(number: int, probability: float, value: float | None = None) -> CandidatePair:
    """Return an open pair of two customers that nothing else joins."""
    first = ["Alder", "Birch", "Cedar", "Dogwood"][number]
    second = ["Quartz", "Rhyolite", "Slate", "Tuff"][number]
    keys = (f"L{number}", f"R{number}")
    single_customer(keys[0], f"{first} Partners Ltd")
    single_customer(keys[1], f"{second} Holdings plc")
    left, right = sorted(SourceRecord.objects.filter(key__in=keys).values_list("pk", flat=True))
    return CandidatePair.objects.create(
        entity="customer", left_id=left, right_id=right, probability=probability, weight=3.0,
        evidence=EVIDENCE, rule_version=1, status="open", found_at=NOW, value=value,
    )  # fmt: skip


def test_the_queue_starts_where_an_answer_is_worth_most() -> None:
    clear, doubtful, rich = pair(0, 0.9), pair(1, 0.5), pair(2, 0.7, value=9.5)
    CandidatePair.objects.filter(pk=rich.pk).update(
        stakes={"amounts": {"open balance": 1_250_000.0}, "dependants": {"invoice": 3}, "contested": False}
    )
    html = page(signed_in(Role.STEWARD), "reviews")
    assert f'action="{reverse("admin:review", args=(rich.pk,))}' in html
    assert "84% unsure · 1.2M open balance · 3 dependants" in html
    places = [html.index(reverse("admin:review", args=(each.pk,))) for each in (rich, doubtful, clear)]
    assert places == sorted(places)
    assert [row.pk for row in open_pairs("customer")] == [rich.pk, doubtful.pk, clear.pk]
    assert next_pair(rich) == doubtful
    assert pair_before(doubtful) == rich


def test_evidence_is_a_waterfall_from_the_prior_to_the_total() -> None:
    spec = entity("customer")
    found = pair(0, 0.5)
    told = recall_pair(spec=spec, pair_id=found.pk, clear=True).then
    picture = picture_of(spec, told)
    assert picture is not None
    assert picture.bars[0].title == "Before looking"
    assert picture.bars[0].bits == round(told.prior, 1)
    assert (picture.bars[-1].title, picture.bars[-1].bits) == ("Total", round(told.total or 0, 1))
    named = {bar.title for bar in picture.bars}
    assert {"Legal name", "E-mail"} <= named
    for bar, after in pairwise(picture.bars[:-1]):
        # each bar begins where the one before ended
        assert bar.link == pytest.approx(after.x, abs=0.11) or bar.link == pytest.approx(
            after.x + after.width, abs=1.6
        )
    html = page(signed_in(Role.STEWARD), "review", found.pk)
    assert f'aria-label="{picture.summary}"' in html
    assert "What would change it" in html


def test_a_page_costs_the_same_however_long_the_queue_is() -> None:
    spent = []
    client = signed_in(Role.STEWARD)
    for number in range(4):
        pair(number, 0.5 + number / 10)
        page(client, "reviews")  # rules are read once per process
        with counting_statements() as sent:
            page(client, "reviews")
        spent.append(len(sent))
    assert spent[1] == spent[2] == spent[3]
    assert spent[3] <= 40


def test_match_merges_both_and_shows_the_next_pair() -> None:
    first, second = pair(0, 0.5), pair(1, 0.9)
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


def test_not_a_match_is_taken_back_by_a_person_who_says_why() -> None:
    found = pair(0, 0.9)
    steward = signed_in(Role.STEWARD)
    [said] = told(steward, "review", found.pk, verdict="never", reason="namesakes")
    assert f'href="{reverse("admin:review", args=(found.pk,))}"' in said
    assert "Take it back" in page(steward, "review", found.pk)
    assert "Take it back" not in page(signed_in(Role.VIEWER), "review", found.pk)
    assert press(signed_in(Role.VIEWER), "review", found.pk, act="take_back", reason="x").status_code == 403
    [said] = told(steward, "review", found.pk, act="take_back", reason=" ")
    assert "Say why the decision is taken back." in said
    assert PairDecision.objects.get().withdrawn_at is None
    assert told(steward, "review", found.pk, act="take_back", reason="one after all") == [
        "Taken back: the pair waits for an answer again."
    ]
    assert PairDecision.objects.get().withdrawn_at is not None
    found.refresh_from_db()
    assert (found.status, found.decided_by) == ("open", "")
    [said] = told(steward, "review", found.pk, act="take_back", reason="again")
    assert "No decision stands on this pair any more." in said


def test_htmx_gets_the_next_pair_alone() -> None:
    first, second = pair(0, 0.5), pair(1, 0.9)
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


def test_personal_evidence_is_not_drawn_for_viewers() -> None:
    master("workday.workers", WORKER, {**WORKER, "Employee_ID": "W2", "Work_Email": "o.q@firm.example"})
    CandidatePair.objects.all().delete()
    left, right = sorted(SourceRecord.objects.filter(entity="resource").values_list("pk", flat=True))
    found = CandidatePair.objects.create(
        entity="resource", left_id=left, right_id=right, probability=0.6, weight=1.0, rule_version=1, status="open",
        found_at=NOW,
        evidence=[{"attribute": "email", "left": ["a@b.example"], "right": ["c@b.example"], "level": 4, "weight": 1}],
    )  # fmt: skip
    seen, blind = (page(signed_in(role), "review", found.pk) for role in (Role.STEWARD, Role.VIEWER))
    assert "hub-evidence" in seen
    assert "hub-evidence" not in blind
    assert "a@b.example" not in blind
    for told_strength in ("60.0%", "96% unsure"):
        assert told_strength in seen
        assert told_strength not in blind
    assert (
        picture_of(
            entity("resource"), recall_pair(spec=entity("resource"), pair_id=found.pk, clear=False).then
        )
        is None
    )
