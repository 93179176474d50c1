"""Laws of survivorship: arrival plays no part, a pin always wins, an owner beats everybody else, items stay whole."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.mastering.engine.ownership import NOT_OWNED, Ownership, Verdict
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.survivorship import survive
from tests.mastering.things import PLAIN, SPEC, clusters, matrices, pin_values, pins_of


@given(clusters(), matrices, pin_values, st.randoms(use_true_random=False))
def test_order_of_contenders_plays_no_part(
    cluster: list[Contender], matrix: Ownership, pinned: dict[str, Any], random: Any
) -> None:
    shuffled = list(cluster)
    random.shuffle(shuffled)
    assert survive(SPEC, shuffled, matrix, pins_of(pinned)) == survive(SPEC, cluster, matrix, pins_of(pinned))


@given(clusters(), matrices, pin_values)
def test_a_pin_always_wins(cluster: list[Contender], matrix: Ownership, pinned: dict[str, Any]) -> None:
    """Also a pin that says "no value", and one of the state on which ownership depends."""
    found = survive(SPEC, cluster, matrix, pins_of({**pinned, "status": "closed"}))
    for name, value in {**pinned, "status": "closed"}.items():
        assert found.document[name] == value
        assert found.provenance[name] == {"rule": "pinned", "by": "stig", "reason": "agreed"}


def state_of(cluster: Sequence[Contender], matrix: Ownership) -> str:
    return str(survive(SPEC, cluster, matrix, {}).document["status"])


@given(clusters(), matrices)
def test_the_best_owner_with_a_value_wins(cluster: list[Contender], matrix: Ownership) -> None:
    state = state_of(cluster, matrix)
    found = survive(SPEC, cluster, matrix, {})
    for name in PLAIN:
        owned = matrix.of("thing", SPEC.group_of(name), state)
        told = [
            (owned.standing(each.system, each.role).rank, each) for each in cluster if name in each.values
        ]
        owners = [pair for pair in told if pair[0] != NOT_OWNED]
        if owners:
            best = min(rank for rank, _ in owners)
            among = [each for rank, each in owners if rank == best]
            newest = max(each.recency for each in among)
            assert found.document[name] in {each.values[name] for each in among if each.recency == newest}
        elif not told or owned.others is not Verdict.ACCEPT:
            assert name not in found.document
        else:
            assert found.document[name] in {each.values[name] for _, each in told}


@given(clusters(), matrices)
def test_every_value_tells_where_it_comes_from(cluster: list[Contender], matrix: Ownership) -> None:
    found = survive(SPEC, cluster, matrix, {})
    by_id = {each.id: each for each in cluster}
    for name in PLAIN:
        assert (name in found.document) == (name in found.provenance)
        if name in found.document:
            assert by_id[found.provenance[name]["source"]].values[name] == found.document[name]


@given(clusters(), matrices)
def test_items_of_a_union_stay_whole(cluster: list[Contender], matrix: Ownership) -> None:
    """No item is put together from two records: each is one that some record has, once per identity."""
    found = survive(SPEC, cluster, matrix, {})
    united = found.document.get("addresses", [])
    kinds = [item["kind"] for item in united]
    assert kinds == sorted(set(kinds))
    by_id = {each.id: each for each in cluster}
    for item in united:
        source = by_id[found.provenance[f"addresses:{item['kind']}"]["source"]]
        assert item in source.values["addresses"]


@given(clusters(), matrices)
def test_a_record_that_says_nothing_changes_nothing(cluster: list[Contender], matrix: Ownership) -> None:
    silent = Contender(id="zz/9", system="zz", role="other", key="9", recency=99.0, values={})
    assert survive(SPEC, [*cluster, silent], matrix, {}) == survive(SPEC, cluster, matrix, {})
