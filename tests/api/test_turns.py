"""Answers given while the pipeline decides wait for its turn with nothing locked that it may need: no deadlock."""

import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, connections, models, transaction

from apps.accounts.roles import Role
from apps.mastering.services import take_turn
from apps.stewardship.models import ApprovalPolicy, ChangeRequest, ExceptionTask
from tests.api.conftest import Caller
from tests.console.signing import press, signed_in
from tests.hub import account, erp_customer, master, only, seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def answered_beside_a_turn(post: Callable[[], Any], needed: models.QuerySet[Any]) -> int:
    """Return how a request is answered that comes while somebody has the turn who then locks the rows `needed`."""
    answers: list[int] = []

    def answer() -> None:
        try:
            answers.append(post().status_code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=answer)
    with transaction.atomic():
        take_turn()
        thread.start()
        _until_somebody_waits()
        assert list(needed.select_for_update(nowait=True))
    thread.join(30)
    return only(answers)


def _until_somebody_waits() -> None:
    """Wait until another connection waits for this one."""
    deadline = monotonic() + 20
    while monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone() != (0,):
                return
        sleep(0.02)
    raise AssertionError("nobody waited for the turn")


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_change_requests(caller: Callable[..., Caller], verb: str) -> None:
    policy = ApprovalPolicy.objects.get(status="active")
    policy.rules.filter(entity="customer", group="name").update(states=[])
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"))
    master("salesforce.accounts", account("A1", "Zephyr Works Ltd", SystemModstamp="2026-02-01T00:00:00Z"))
    request = only(ChangeRequest.objects.filter(status="pending"))
    approver = caller(Role.APPROVER)
    status = answered_beside_a_turn(
        lambda: approver.post(f"change-requests/{request.pk}/{verb}", {"reason": "seen"}),
        ChangeRequest.objects.filter(pk=request.pk),
    )
    assert status == 200


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("waive", {"reason": "agreed"}, 200),
        ("resolve", {}, 409),
        ("assign", {"assignee": ""}, 200),
    ],
)
def test_exceptions(caller: Callable[..., Caller], verb: str, body: dict[str, str], status: int) -> None:
    master("netsuite.customers", erp_customer("77", "Acme Ltd"))
    master("netsuite.invoices", WRONG_TOTAL)
    task = ExceptionTask.objects.get(invariant="invoice_adds_up")
    approver = caller(Role.STEWARD, Role.APPROVER)
    answer = answered_beside_a_turn(
        lambda: approver.post(f"exceptions/{task.pk}/{verb}", body),
        ExceptionTask.objects.filter(pk=task.pk),
    )
    assert answer == status


def test_waiving_on_screen() -> None:
    master("netsuite.customers", erp_customer("77", "Acme Ltd"))
    master("netsuite.invoices", WRONG_TOTAL)
    task = ExceptionTask.objects.get(invariant="invoice_adds_up")
    approver = signed_in(Role.APPROVER)
    status = answered_beside_a_turn(
        lambda: press(approver, "exceptions", act="waive", task=task.pk, reason="agreed"),
        ExceptionTask.objects.filter(pk=task.pk),
    )
    task.refresh_from_db()
    assert (status, task.status) == (302, "waived")


WRONG_TOTAL = {
    "id": "9", "tranId": "INV-9", "entity": {"id": "77"}, "subtotal": "100", "taxTotal": "20", "total": "999",
    "amountRemaining": "999", "currency": {"refName": "EUR"}, "status": {"refName": "Open"},
    "lastModifiedDate": "2026-02-01T00:00:00Z",
}  # fmt: skip
