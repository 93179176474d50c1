"""The tree of a record on screen: drawn, compared, previewed, moved."""

from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.golden.models import GoldenRecord
from apps.golden.registry import entities
from apps.stewardship.models import ApprovalPolicy
from tests.console.golden import counting_statements
from tests.console.signing import page, press, signed_in, told
from tests.hub import account, document_of, home_of, master, seed

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> list[UUID]:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    master(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd"),
        account("A2", "Quantock Advisory Ltd", ParentId="A1"),
        account("A3", "Bramble Foods plc"),
    )
    return [home_of("salesforce", "customer", key) for key in ("A1", "A2", "A3")]


def code_of(record: UUID) -> str:
    return GoldenRecord.objects.get(pk=record).code


def test_the_tree_is_drawn_from_its_top(family: list[UUID]) -> None:
    html = page(signed_in(Role.VIEWER), "golden_tree", "customer", family[1])

    assert html.index("Zephyr Mills Ltd</a>") < html.index('aria-current="true">Quantock Advisory Ltd')
    assert 'data-guide="corner"' in html
    assert "Re-organise" not in html


def test_a_move_is_previewed_and_carried_out_with_its_reason(family: list[UUID]) -> None:
    steward = signed_in(Role.STEWARD)
    _, quantock, bramble = family

    html = page(steward, "golden_tree", "customer", quantock, parent=code_of(bramble), first="2026-07-01")
    assert html.index("Before") < html.index("Afterwards") < html.index("Why does it move?")
    assert "parents" not in document_of(quantock)

    form = {"parent": code_of(bramble), "first": "2026-07-01", "reason": "bought"}
    assert told(steward, "golden_tree", "customer", quantock, query="?kind=legal", **form) == ["Moved."]
    html = page(steward, "golden_tree", "customer", quantock, on="2026-07-02", to_on="2026-06-30")
    assert "What changed since 30 Jun 2026" in html
    assert "joined" in html


def test_a_cycle_is_refused_with_the_way_back(family: list[UUID]) -> None:
    mills, quantock, _ = family

    form = {"parent": code_of(quantock), "first": "", "reason": "oops"}
    [message] = told(signed_in(Role.STEWARD), "golden_tree", "customer", mills, **form)

    assert "Zephyr Mills Ltd → Quantock Advisory Ltd → Zephyr Mills Ltd" in message


def test_a_viewer_moves_nothing(family: list[UUID]) -> None:
    answer = press(signed_in(Role.VIEWER), "golden_tree", "customer", family[1], parent="", reason="x")

    assert answer.status_code == 403
    assert document_of(family[1])["parent"] == str(family[0])


def test_entities_without_trees_have_no_such_page(family: list[UUID]) -> None:
    answer = signed_in(Role.VIEWER).get(f"/admin/golden/engagement/{family[0]}/tree/")

    assert entities.get("engagement").trees is None
    assert answer.status_code == 404


def test_statements_do_not_grow_with_siblings(family: list[UUID]) -> None:
    viewer = signed_in(Role.VIEWER)
    page(viewer, "golden_tree", "customer", family[0])
    with counting_statements() as few:
        page(viewer, "golden_tree", "customer", family[0])
    master(
        "salesforce.accounts",
        *(
            account(f"B{n}", f"{name} Partners", ParentId="A1")
            for n, name in enumerate(("Alder", "Birch", "Cedar"))
        ),
    )
    with counting_statements() as many:
        page(viewer, "golden_tree", "customer", family[0])

    assert len(many) == len(few)
