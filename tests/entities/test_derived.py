"""Attributes the hub works out itself."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.entities.engagement.spec import SPEC, derive
from apps.golden.registry import entities

cents = st.integers(-(10**12), 10**12).map(lambda value: f"{Decimal(value) / 100:.2f}")


def order(seq: int, delta: str | None, status: str | None) -> dict[str, Any]:
    return {"seq": seq, "value_delta": delta, "status": status}


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([], "1000.00"),
        ([order(1, "250.50", "effective")], "1250.50"),
        ([order(1, "250.50", "approved"), order(2, "-100.00", "effective")], "900.00"),
        ([order(1, None, "effective"), order(2, "1.00", None)], "1000.00"),
        ([{"seq": 1, "status": "effective"}], "1000.00"),
    ],
)
def test_current_value_is_base_value_plus_effective_change_orders(
    orders: list[dict[str, Any]], expected: str
) -> None:
    document = {"name": "X", "base_value": "1000.00", "change_orders": orders}

    assert derive(document) == {**document, "current_value": expected}
    assert "current_value" not in document


def test_without_a_base_value_there_is_no_current_value() -> None:
    document = {"change_orders": [order(1, "5.00", "effective")]}

    assert derive(document) == document


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("engagement", "start", "end"), ("project", "start", "end"), ("resource", "hire_date", "term_date")],
)
def test_a_last_day_before_the_first_one_is_left_out(name: str, first: str, last: str) -> None:
    work_out = entities.get(name).derive
    assert work_out is not None
    document = {"name": "X", first: "2026-01-02", last: "2026-01-01"}

    assert work_out(document) == {"name": "X", first: "2026-01-02"}
    assert document[last] == "2026-01-01"
    for end in ("2026-01-02", "2026-01-03", None):
        assert work_out({**document, last: end}) == {**document, last: end}


@given(base=cents, deltas=st.lists(st.tuples(cents, st.sampled_from(["effective", "draft", "rejected"]))))
def test_current_value_is_exact_and_does_not_depend_on_the_order_of_changes(
    base: str, deltas: list[tuple[str, str]]
) -> None:
    orders = [order(seq, delta, status) for seq, (delta, status) in enumerate(deltas)]
    total = Decimal(base) + sum(Decimal(delta) for delta, status in deltas if status == "effective")

    forwards = derive({"base_value": base, "change_orders": orders})
    backwards = derive({"base_value": base, "change_orders": orders[::-1]})

    assert forwards["current_value"] == backwards["current_value"]
    assert Decimal(forwards["current_value"]) == total


def test_derived_attributes_are_known() -> None:
    derived = {
        f"{spec.name}.{attribute.name}": attribute.derived
        for spec in entities.values()
        for attribute in spec.attributes
        if attribute.derived
    }

    assert derived == {"engagement.current_value": "computed", "project.customer": "engagement.customer"}
    assert SPEC.derive is derive
