"""Which references stand, worked out from the references alone."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from apps.mastering.engine.links import TOLD, Link, knots, refused_links
from apps.mastering.engine.places import ALWAYS, Days


def link(child: str, parent: str | None, age: float, days: Days = ALWAYS, dated: bool = False) -> Link:
    return Link(child, parent, "legal", (TOLD, age, "crm", child, ""), ("parent", ""), days, dated)


def test_sets_that_lead_to_one_another() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "f"), ("f", "e"), ("g", "g")]
    assert sorted(map(sorted, knots(edges))) == [["a", "b", "c"], ["e", "f"]]
    assert knots([("a", "b"), ("b", "c")]) == []
    chain = [(str(n), str(n + 1)) for n in range(5_000)]
    assert [len(knot) for knot in knots([*chain, ("5000", "0")])] == [5_001]


def test_the_youngest_of_a_cycle_is_refused_with_its_length() -> None:
    links = [link("a", "b", 3), link("b", "c", 1), link("c", "a", 2)]
    assert refused_links(links) == [(links[0], 3)]


def test_a_dated_place_is_refused_only_where_its_days_meet_those_of_the_others() -> None:
    early, late = (date.min, date(2026, 6, 30)), (date(2026, 7, 1), date.max)
    apart = [link("a", "b", 1, early, dated=True), link("b", "a", 2, late, dated=True)]
    assert refused_links(apart) == []
    meeting = [link("a", "b", 1), link("b", "a", 2, late, dated=True)]
    assert refused_links(meeting) == [(meeting[1], 2)]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5)),
        min_size=1,
        max_size=12,
        unique_by=lambda each: each[0],
    ),
    st.randoms(use_true_random=False),
)
def test_the_answer_does_not_depend_on_the_order_and_leaves_no_cycle(
    pairs: list[tuple[int, int]], chance: object
) -> None:
    links = [link(str(a), str(b), age) for age, (a, b) in enumerate(pairs) if a != b]
    refused = refused_links(links)
    shuffled = list(links)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert refused_links(shuffled) == refused
    standing = [each for each in links if each not in [one for one, _ in refused]]
    assert knots((each.child, str(each.parent)) for each in standing) == []
    assert len(refused) == len(knots((each.child, str(each.parent)) for each in links))
