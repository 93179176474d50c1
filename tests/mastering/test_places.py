"""Where a record stands on a day: laws of the pure part of trees."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.mastering.engine.places import ALWAYS, Place, cycle_through, parent_on, segments

D = date
days = st.dates(date(2020, 1, 1), date(2020, 1, 20))
dated = st.builds(
    lambda parent, one, other, open_start, open_end: Place(
        "child",
        parent,
        (date.min if open_start else min(one, other), date.max if open_end else max(one, other)),
        dated=True,
    ),
    st.sampled_from(["a", "b", None]),
    days,
    days,
    st.booleans(),
    st.booleans(),
)
told = st.sampled_from([[], [Place("child", "told")]])


def test_a_dated_place_outranks_the_undated_one_within_its_days() -> None:
    places = [
        Place("c", "old"),
        Place("c", "new", (D(2026, 1, 1), D(2026, 6, 30)), dated=True),
        Place("c", None, (D(2026, 9, 1), date.max), dated=True),
    ]

    assert segments(places) == [
        ("old", (date.min, D(2025, 12, 31))),
        ("new", (D(2026, 1, 1), D(2026, 6, 30))),
        ("old", (D(2026, 7, 1), D(2026, 8, 31))),
        (None, (D(2026, 9, 1), date.max)),
    ]
    assert [parent_on(places, day) for day in (D(2025, 12, 31), D(2026, 6, 30), D(2026, 9, 1))] == [
        "old",
        "new",
        None,
    ]


def test_a_later_place_ends_the_one_before() -> None:
    places = [
        Place("c", "a", (D(2026, 1, 1), date.max), dated=True),
        Place("c", "b", (D(2026, 3, 1), D(2026, 3, 31)), dated=True),
    ]

    assert segments(places)[-3:] == [
        ("a", (D(2026, 1, 1), D(2026, 2, 28))),
        ("b", (D(2026, 3, 1), D(2026, 3, 31))),
        (None, (D(2026, 4, 1), date.max)),
    ]


@given(st.lists(dated, max_size=5, unique_by=lambda place: place.days[0]), told, days)
def test_segments_cover_every_day_once_and_agree_with_the_answer_of_a_day(
    places: list[Place], undated: list[Place], day: date
) -> None:
    found = segments([*undated, *places])

    assert found[0][1][0] == date.min
    assert found[-1][1][1] == date.max
    for (_, (_, last)), (_, (first, _)) in pairwise(found):
        assert (first - last).days == 1
    covering = [place for place in places if place.days[0] <= day <= place.days[1]]
    latest = max((place.days[0] for place in places if place.days[0] <= day), default=None)
    chosen = [place for place in covering if place.days[0] == latest]
    expected = chosen[-1].parent if chosen else (undated[0].parent if undated else None)
    assert parent_on([*undated, *places], day) == expected


def test_a_cycle_needs_one_day_on_which_all_steps_hold() -> None:
    early, late = (date.min, D(2025, 12, 31)), (D(2026, 1, 1), date.max)

    assert cycle_through("a", {"a": [("b", early)], "b": [("a", late)]}) == []
    assert cycle_through("a", {"a": [("b", early)], "b": [("a", ALWAYS)]}) == [
        ("a", ALWAYS),
        ("b", early),
        ("a", early),
    ]
    assert cycle_through("a", {"a": [("b", ALWAYS)], "b": [("c", ALWAYS)], "c": [("b", ALWAYS)]}) == []
