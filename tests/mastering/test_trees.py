"""Trees on real rows: ultimate parents, totals per currency, two moments, what a move would do."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.golden.documents import typed_model
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.trees import (
    NoTrees,
    When,
    WouldCloseACycle,
    compare_trees,
    places_after_move,
    preview_move,
    tree_of,
    ultimate_parents,
)
from tests.console.golden import counting_statements
from tests.entities.records import add_item, add_row

pytestmark = pytest.mark.django_db

CUSTOMER = entity("customer")
TODAY = When(date(2026, 3, 1))


def customer(name: str, parent: Any = None, **more: Any) -> Any:
    row = add_row("customer", legal_name=name, parent_id=parent.pk if parent else None, **more)
    GoldenRecord.objects.filter(pk=row.pk).update(title=name)
    return row


def titles(tree: Any) -> list[tuple[str, int]]:
    return [(node.title, node.depth) for node in tree.nodes]


@pytest.fixture
def group() -> dict[str, Any]:
    top = customer("Acme Group")
    west = customer("Acme West", top)
    east = customer("Acme East", top)
    store = customer("Acme Store", west)
    return {"top": top, "west": west, "east": east, "store": store}


def test_a_tree_is_the_same_from_wherever_one_looks(group: dict[str, Any]) -> None:
    expected = [("Acme Group", 0), ("Acme East", 1), ("Acme West", 1), ("Acme Store", 2)]

    for record in group.values():
        assert titles(tree_of(CUSTOMER, str(record.pk), "legal", TODAY)) == expected
    tops = ultimate_parents(CUSTOMER, [str(group["store"].pk), str(group["east"].pk)], "legal", TODAY)
    assert set(tops.values()) == {str(group["top"].pk)}
    assert titles(tree_of(CUSTOMER, str(group["store"].pk), "billing", TODAY)) == [("Acme Store", 0)]


def test_amounts_add_up_per_currency_and_credits_take_away(group: dict[str, Any]) -> None:
    def engagement(of: str, value: str, currency: str, status: str = "active") -> None:
        add_row(
            "engagement",
            customer_id=group[of].pk,
            current_value=Decimal(value),
            currency=currency,
            status=status,
        )

    def invoice(of: str, gross: str, kind: str, status: str = "issued") -> None:
        add_row(
            "invoice",
            bill_to_id=group[of].pk,
            gross=Decimal(gross),
            balance=Decimal(gross),
            currency="EUR",
            kind=kind,
            status=status,
        )

    engagement("west", "100.00", "EUR")
    engagement("store", "50.00", "EUR")
    engagement("store", "30.00", "USD")
    engagement("east", "999.00", "EUR", status="cancelled")
    invoice("store", "40.00", "invoice")
    invoice("store", "15.00", "credit_note")
    invoice("top", "7.00", "invoice", status="draft")

    tree = tree_of(CUSTOMER, str(group["east"].pk), "legal", TODAY)

    assert tree.root.own == {}
    assert tree.root.total == {
        "contract value": {"EUR": Decimal("150.00"), "USD": Decimal("30.00")},
        "billed": {"EUR": Decimal("25.00")},
        "open balance": {"EUR": Decimal("25.00")},
    }
    west = tree.node(str(group["west"].pk))
    assert west is not None
    assert (west.own, west.total["contract value"]["EUR"]) == (
        {"contract value": {"EUR": Decimal("100.00")}},
        Decimal("150.00"),
    )


def test_a_dated_place_moves_a_branch_from_its_day_on(group: dict[str, Any]) -> None:
    add_item(
        "customer", "parents", group["store"].record, kind="legal", parent_id=group["east"].pk,
        valid_from=date(2026, 7, 1),
    )  # fmt: skip

    before = tree_of(CUSTOMER, str(group["top"].pk), "legal", When(date(2026, 6, 30)))
    after = tree_of(CUSTOMER, str(group["top"].pk), "legal", When(date(2026, 7, 1)))
    [moved] = compare_trees(before, after).moved

    assert (moved.before.parent, moved.after.parent) == (str(group["west"].pk), str(group["east"].pk))
    assert compare_trees(before, after).amounts == {}


def test_one_that_stands_alone_leaves_the_tree(group: dict[str, Any]) -> None:
    add_item("customer", "parents", group["west"].record, kind="legal", valid_from=date(2026, 1, 1))

    rest = tree_of(CUSTOMER, str(group["top"].pk), "legal", TODAY)
    sold = tree_of(CUSTOMER, str(group["store"].pk), "legal", TODAY)

    assert titles(rest) == [("Acme Group", 0), ("Acme East", 1)]
    assert titles(sold) == [("Acme West", 0), ("Acme Store", 1)]


def test_a_move_is_previewed_with_both_trees(group: dict[str, Any]) -> None:
    other = customer("Beta Holding")

    preview = preview_move(CUSTOMER, str(group["west"].pk), "legal", str(other.pk), TODAY)

    assert [titles(tree)[0][0] for tree in preview.before] == ["Acme Group", "Beta Holding"]
    assert [titles(tree) for tree in preview.after] == [
        [("Acme Group", 0), ("Acme East", 1)],
        [("Beta Holding", 0), ("Acme West", 1), ("Acme Store", 2)],
    ]
    assert titles(tree_of(CUSTOMER, str(other.pk), "legal", TODAY)) == [("Beta Holding", 0)]


def test_nothing_may_stand_under_its_own_not_even_later(group: dict[str, Any]) -> None:
    with pytest.raises(WouldCloseACycle, match="Acme West → Acme Store → Acme West"):
        preview_move(CUSTOMER, str(group["west"].pk), "legal", str(group["store"].pk), TODAY)

    outside = customer("Gamma")
    add_item(
        "customer", "parents", outside.record, kind="legal", parent_id=group["west"].pk,
        valid_from=date(2027, 1, 1),
    )  # fmt: skip
    with pytest.raises(WouldCloseACycle, match="from 2027-01-01 on"):
        preview_move(CUSTOMER, str(group["west"].pk), "legal", str(outside.pk), TODAY)


def test_a_place_of_the_same_day_is_replaced_and_planned_ones_stay() -> None:
    planned = {"kind": "legal", "parent": "p3", "valid_from": "2027-01-01"}
    document = {
        "parents": [
            {"kind": "legal", "parent": "p1", "valid_from": "2026-01-01"},
            planned,
            {"kind": "billing", "parent": "p1"},
        ]
    }

    values = places_after_move(CUSTOMER, document, "legal", None, date(2026, 1, 1))

    assert values == {
        "parents": [
            planned,
            {"kind": "billing", "parent": "p1"},
            {"kind": "legal", "valid_from": "2026-01-01"},
        ]
    }
    assert places_after_move(entity("resource"), {}, "reporting", "r1", None) == {"manager": "r1"}


def test_unknown_trees_are_named() -> None:
    lonely = customer("Delta")

    with pytest.raises(NoTrees, match="legal, commercial, billing"):
        tree_of(CUSTOMER, str(lonely.pk), "family", TODAY)


def test_the_tree_as_it_was_known(group: dict[str, Any]) -> None:
    rows = typed_model(CUSTOMER)
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    for record in group.values():
        for row in (record.record, record):
            _remember(row, early)
    rows.objects.filter(pk=group["store"].pk).update(parent_id=group["east"].pk)
    _remember(rows.objects.get(pk=group["store"].pk), late)

    then = tree_of(CUSTOMER, str(group["top"].pk), "legal", When(TODAY.day, early))
    now = tree_of(CUSTOMER, str(group["top"].pk), "legal", When(TODAY.day, late))

    store = str(group["store"].pk)
    assert [tree.node(store).parent for tree in (then, now)] == [  # type: ignore[union-attr]  # both have it
        str(group["west"].pk),
        str(group["east"].pk),
    ]
    assert compare_trees(then, now).moved[0].after.id == store


def _remember(row: Any, moment: datetime) -> None:
    model = type(row)
    fields = {field.attname: getattr(row, field.attname) for field in model.history.model.tracked_fields}
    model.history.model.objects.create(history_date=moment, history_type="+", **fields)


def test_statements_grow_with_levels_not_with_records(group: dict[str, Any]) -> None:
    with counting_statements() as few:
        tree_of(CUSTOMER, str(group["top"].pk), "legal", TODAY)
    for number in range(30):
        customer(f"Branch {number:02}", group["east"])

    with counting_statements() as many:
        tree = tree_of(CUSTOMER, str(group["top"].pk), "legal", TODAY)

    assert len(tree.nodes) == 34
    assert len(many) == len(few) > 10
