"""The database refuses at commit what would stand above itself, in one tree on one day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.golden.documents import typed_model
from apps.golden.registry import entity
from tests.entities.records import add_item, add_row

pytestmark = pytest.mark.django_db


def commit(change: Callable[[], object]) -> None:
    with transaction.atomic():
        change()
        connection.check_constraints()


def put_under(entity_name: str, column: str, child: Any, parent: Any, **more: Any) -> None:
    typed_model(entity(entity_name)).objects.filter(pk=child.pk).update(**{column: parent.pk}, **more)


def place(child: Any, parent: Any, kind: str, start: date | None = None, end: date | None = None) -> Any:
    parent_id = parent.pk if parent else None
    return add_item(
        "customer", "parents", child.record, kind=kind, parent_id=parent_id, valid_from=start, valid_to=end
    )


@pytest.mark.parametrize(
    ("entity_name", "column"), [("customer", "parent"), ("project", "parent"), ("resource", "manager")]
)
def test_a_cycle_of_three_is_refused(entity_name: str, column: str) -> None:
    first, second, third = (add_row(entity_name) for _ in range(3))
    put_under(entity_name, column, first, second)
    put_under(entity_name, column, second, third)
    connection.check_constraints()

    with pytest.raises(IntegrityError, match="above itself"):
        commit(lambda: put_under(entity_name, column, third, first))


def test_two_trees_may_run_opposite_ways() -> None:
    owner, payer = add_row("customer"), add_row("customer")
    put_under("customer", "parent", owner, payer, parent_kind="billing")
    put_under("customer", "parent", payer, owner, parent_kind="legal")

    connection.check_constraints()


def test_the_same_two_may_change_places_on_another_day() -> None:
    one, other = add_row("customer"), add_row("customer")
    place(one, other, "legal", None, date(2025, 12, 31))
    place(other, one, "legal", date(2026, 1, 1), None)

    connection.check_constraints()


def test_dated_places_that_meet_on_one_day_are_refused() -> None:
    one, other = add_row("customer"), add_row("customer")
    place(one, other, "legal", None, date(2026, 1, 1))

    with pytest.raises(IntegrityError, match="above itself"):
        commit(lambda: place(other, one, "legal", date(2026, 1, 1), None))


def test_what_a_dated_place_hid_counts_again_when_it_goes() -> None:
    one, other = add_row("customer"), add_row("customer")
    alone = place(one, None, "legal")
    put_under("customer", "parent", one, other)
    put_under("customer", "parent", other, one)
    connection.check_constraints()

    with pytest.raises(IntegrityError, match="above itself"):
        commit(alone.delete)
