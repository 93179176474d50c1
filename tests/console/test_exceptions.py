"""Exceptions on screen: money at risk, whose turn, waiving with a reason."""

from decimal import Decimal

import pytest

from apps.accounts.roles import Role
from apps.stewardship.models import ExceptionTask
from tests.console.signing import page, press, signed_in, told
from tests.entities.records import add_row
from tests.hub import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> ExceptionTask:
    row = add_row("invoice", invoice_no="INV-9")
    return ExceptionTask.objects.create(
        invariant="invoice_adds_up", number=9, entity="invoice", record_id=row.pk, severity="block",
        message="Net and tax are not gross.", money=Decimal("879.00"), currency="EUR", owner="finance", holds=True,
        opened_at=NOW, due_at=NOW,
    )  # fmt: skip


def test_the_list_tells_what_is_wrong_and_what_it_may_cost(task: ExceptionTask) -> None:
    html = page(signed_in(Role.VIEWER), "exceptions")

    assert "Net and tax are not gross." in html
    assert "879 EUR at risk" in html
    assert "distribution is held" in html
    assert "Waive the chosen" not in html
    assert "All records agree." in page(signed_in(Role.VIEWER), "exceptions", owner="sales")


def test_an_approver_waives_with_a_reason(task: ExceptionTask) -> None:
    approver = signed_in(Role.APPROVER)

    [said] = told(approver, "exceptions", act="waive", task=task.pk, reason="")
    assert "say why" in said
    [said] = told(approver, "exceptions", act="waive", task="all", reason="rounding")
    assert "no id" in said
    [said] = told(approver, "exceptions", act="waive", task=task.pk, reason="rounding")

    task.refresh_from_db()
    assert (task.status, task.closed_by, task.reason) == ("waived", "the-approver", "rounding")
    assert "the-approver: rounding" in page(approver, "exceptions", status="waived")


def test_only_an_approver_waives_and_only_an_operator_checks(task: ExceptionTask) -> None:
    steward = signed_in(Role.STEWARD)

    assert press(steward, "exceptions", act="waive", task=task.pk, reason="x").status_code == 403
    assert press(steward, "exceptions", act="check").status_code == 403
    [said] = told(signed_in(Role.ADMINISTRATOR), "exceptions", act="check")
    assert said == "0 opened, 1 closed, 0 breaches in all."


def test_a_long_queue_has_pages(task: ExceptionTask) -> None:
    row = task.record_id
    ExceptionTask.objects.bulk_create(
        ExceptionTask(
            invariant="invoice_adds_up", number=9, entity="invoice", record_id=row, key=str(n), severity="warn",
            message=f"Line {n:03d}.", owner="finance", opened_at=NOW, due_at=NOW,
        )
        for n in range(120)
    )  # fmt: skip
    viewer = signed_in(Role.VIEWER)
    first, second = page(viewer, "exceptions"), page(viewer, "exceptions", page="2")
    assert "121 exceptions" in first
    assert (first.count("Line "), second.count("Line ")) == (99, 21)
    assert 'rel="next" href="?page=2"' in first
    assert page(viewer, "exceptions", page="-5").count("Line ") == 99
