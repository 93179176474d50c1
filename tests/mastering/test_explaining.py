"""Laws of explanations: winners are those that survive, losers say by what, and what is said to flip really flips."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.mastering.engine.explaining import explain, flip_of, subjects_of, wins_with
from apps.mastering.engine.flipping import Inputs
from apps.mastering.engine.ownership import Cell, OwnedGroup, Ownership, Verdict
from apps.mastering.engine.strategies import DEFAULT_ORDER, Contender, strategies
from apps.mastering.engine.survivorship import PinnedValue, survive
from apps.mastering.engine.trust import DAY, Ranking, Survivorship, Trust
from tests.mastering.things import SPEC, clusters, matrices, pin_values, pins_of

GROUPS = ("name", "contact", "status", "addresses")
NOW = 100 * DAY

trusts = st.dictionaries(
    st.sampled_from(["sf", "ns", "crm", "erp"]),
    st.builds(Trust, st.sampled_from([20.0, 50.0, 90.0]), st.sampled_from([None, 5.0, 50.0])),
    max_size=3,
)
orders = st.permutations(DEFAULT_ORDER[:-1]).map(lambda drawn: (*drawn, "stable"))
rankings = st.builds(Ranking, st.one_of(st.just(DEFAULT_ORDER), orders), st.booleans(), trusts)
policies = st.dictionaries(st.tuples(st.just("thing"), st.sampled_from(GROUPS)), rankings, max_size=3).map(
    lambda rules: Survivorship(1, NOW, rules)
)
USUALLY = Survivorship(1, NOW, {})


@st.composite
def inputs(draw: st.DrawFn, rules: st.SearchStrategy[Survivorship] = policies) -> Inputs:
    return Inputs(SPEC, draw(clusters(faulty=True)), draw(matrices), pins_of(draw(pin_values)), draw(rules))


def subjects(each: Inputs) -> list[Any]:
    found = survive(each.spec, each.contenders, each.ownership, each.pins, each.survivorship)
    return list(subjects_of(each.spec, found.document, each.contenders))


@given(inputs())
def test_the_winner_is_where_provenance_says_the_value_comes_from(each: Inputs) -> None:
    found = survive(each.spec, each.contenders, each.ownership, each.pins, each.survivorship)
    for subject in subjects(each):
        told = explain(each, subject)
        winners = [candidate.source for candidate in told.candidates if candidate.wins]
        origin = found.provenance.get(subject.path, {})
        if told.pin is not None:
            assert (winners, origin.get("rule")) == ([], "pinned" if subject.name in found.document else None)
        elif origin.get("source"):
            assert winners == [origin["source"]]
        assert all(candidate.lost for candidate in told.candidates if not candidate.wins)


@settings(max_examples=60)
@given(inputs())
def test_what_is_said_to_flip_flips(each: Inputs) -> None:
    for subject in subjects(each):
        for candidate in explain(each, subject).candidates:
            now = each
            for step in candidate.flip:
                now = step.taken(now)
            assert not candidate.flip or wins_with(now, subject, candidate.source)
            if candidate.flip and subject.collection is None and candidate.value is not None:
                after = survive(now.spec, now.contenders, now.ownership, now.pins, now.survivorship)
                assert after.document[subject.name] == candidate.value


@settings(max_examples=60)
@given(inputs(st.just(USUALLY)))
def test_by_the_usual_strategies_every_loser_has_a_flip(each: Inputs) -> None:
    for subject in subjects(each):
        if subject.name == "status":  # a state nobody knows wins by no rule
            continue
        for candidate in explain(each, subject).candidates:
            assert candidate.wins or candidate.flip, (subject, candidate)


@given(inputs())
def test_a_contribution_that_may_not_win_changes_nothing(each: Inputs) -> None:
    """Also a newer and fuller one: ages are measured against a stored moment, not against what came last."""
    late = Contender(
        "zz/9", "zz", "other", "9", NOW + 9, {"name": "z", "phone": "z", "addresses": [{"kind": "z"}]}
    )
    shadow = [
        Cell("thing", group, OwnedGroup(("crm",), Verdict.ACCEPT, {"zz": Verdict.SHADOW})) for group in GROUPS
    ]
    matrix = Ownership(1, shadow)
    before = survive(SPEC, each.contenders, matrix, each.pins, each.survivorship)
    assert survive(SPEC, [*each.contenders, late], matrix, each.pins, each.survivorship) == before


def one(system: str, recency: float = 0.0, **values: Any) -> Contender:
    roles = {"sf": "crm", "hs": "crm", "ns": "erp"}
    return Contender(f"{system}/1", system, roles[system], "1", recency, values)


def named(*contenders: Contender, policy: Survivorship = USUALLY, matrix: Ownership | None = None) -> Any:
    document = survive(SPEC, contenders, matrix or Ownership(1, ()), {}, policy).document
    return document.get("name")


def test_trust_halves_with_age() -> None:
    """90 points that halve in 50 days are 63.6 after 25, and 45 after 50; the other system has 60."""
    rules = {("thing", "name"): Ranking(trust={"sf": Trust(90.0, 50.0), "ns": Trust(60.0)})}
    policy = Survivorship(1, NOW, rules)
    assert named(one("sf", NOW - 25 * DAY, name="fresh"), one("ns", name="ours"), policy=policy) == "fresh"
    assert named(one("sf", NOW - 50 * DAY, name="stale"), one("ns", name="ours"), policy=policy) == "ours"


def test_a_quality_issue_costs_trust_but_not_ownership() -> None:
    good, bad = one("sf", name="good"), one("hs", 9.0, name="bad")
    faulty = Contender(bad.id, bad.system, bad.role, bad.key, bad.recency, bad.values, {"name": 0.3})
    assert named(good, faulty) == "good"
    owned = Ownership(1, [Cell("thing", "name", OwnedGroup(("hs",)))])
    assert named(good, faulty, matrix=owned) == "bad"
    elsewhere = Contender(bad.id, bad.system, bad.role, bad.key, bad.recency, bad.values, {"phone": 0.3})
    assert named(good, elsewhere) == "bad"


def test_a_group_that_survives_whole_is_not_put_together() -> None:
    policy = Survivorship(1, NOW, {("thing", "name"): Ranking(whole=True)})
    contenders = [one("sf", 20.0, nickname="Nick"), one("ns", 10.0, name="Full", nickname="Other")]
    assert survive(SPEC, contenders, Ownership(1, ()), {}, policy).document["nickname"] == "Nick"
    assert named(*contenders, policy=policy) is None
    assert named(*contenders) == "Full"


def test_what_was_lost_by_is_told() -> None:
    owned = Ownership(1, [Cell("thing", "name", OwnedGroup(("erp", "sf"), Verdict.SHADOW, rule="name"))])
    contenders = [one("ns", name="a"), one("sf", 9.0, name="b"), one("hs", 99.0, name="c")]
    each = Inputs(SPEC, contenders, owned, {"nickname": PinnedValue("x", "stig", "agreed")}, USUALLY)
    [subject] = [each for each in subjects(each) if each.name == "name"]
    told = explain(each, subject)
    assert [(c.system, c.wins, c.verdict, c.lost_by) for c in told.candidates] == [
        ("ns", True, "accept", ""),
        ("sf", False, "accept", "owner"),
        ("hs", False, "shadow", "verdict"),
    ]
    assert (told.rule, told.owners, told.state) == ("name", ("erp", "sf"), "prospect")
    assert [(step.kind, step.system) for step in flip_of(each, subject, "hs/1")] == [("own", "hs")]


def test_the_registered_strategies_are_the_usual_ones() -> None:
    assert set(strategies.names()) == set(DEFAULT_ORDER)
