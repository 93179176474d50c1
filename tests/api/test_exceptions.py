"""Exception tasks through the API: listed with the money at risk, read, given away, resolved when mended, waived."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.roles import Role
from apps.audit.models import AuditEvent
from apps.golden.models import GoldenRecord
from apps.stewardship.models import ExceptionTask
from tests.api.conftest import Caller
from tests.hub import NOW, account, live, master, only, seed

HOUR = timedelta(hours=1)
WRONG_TOTAL = {
    "id": "9", "tranId": "INV-9", "entity": {"id": "77"}, "subtotal": "100", "taxTotal": "20", "total": "999",
    "amountRemaining": "999", "currency": {"refName": "EUR"}, "status": {"refName": "Open"},
    "lastModifiedDate": "2026-02-01T00:00:00Z",
}  # fmt: skip


@pytest.fixture
def steward(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.STEWARD)


@pytest.fixture
def approver(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.APPROVER)


@pytest.fixture
def tasks(db: None) -> list[ExceptionTask]:
    """Three open tasks of one customer, the dearest due last; the rule of the second is one the hub checks."""
    seed()
    master("salesforce.accounts", account("A1", "Acme Ltd"))
    record = GoldenRecord.objects.get(pk=only(live("customer")))
    made = []
    for number, (rule, money, currency) in enumerate(
        (("held_swing", None, ""), ("paid_beyond_total", "120.50", "EUR"), ("odd", "99.00", "GBP"))
    ):
        made.append(
            ExceptionTask.objects.create(
                invariant=rule,
                number=number,
                entity="customer",
                record=record,
                severity="block" if number else "warn",
                holds=bool(number),
                message=f"wrong {number}",
                money=Decimal(money) if money else None,
                currency=currency,
                owner="data owner",
                opened_at=NOW,
                due_at=NOW + number * HOUR,
            )
        )
    return made


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [each["id"] for each in response.json()["results"]]


def test_tasks_are_listed_in_pages_with_the_money_at_risk(viewer: Caller, tasks: list[ExceptionTask]) -> None:
    first = viewer.get("exceptions?limit=2").json()
    assert [each["message"] for each in first["results"]] == ["wrong 0", "wrong 1"]
    assert first["at_risk"] == [
        {"currency": "EUR", "money": "120.50", "tasks": 1},
        {"currency": "GBP", "money": "99.00", "tasks": 1},
    ]
    rest = viewer.get(f"exceptions?limit=2&cursor={first['next']}").json()
    assert ([each["message"] for each in rest["results"]], rest["next"]) == (["wrong 2"], None)
    other = viewer.get(f"exceptions?limit=2&severity=warn&cursor={first['next']}")
    assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")


def test_filters_choose(viewer: Caller, tasks: list[ExceptionTask]) -> None:
    third = str(tasks[2].pk)
    assert ids(viewer.get("exceptions?invariant=odd")) == [third]
    assert len(ids(viewer.get("exceptions?severity=block"))) == 2
    assert ids(viewer.get("exceptions?status=waived")) == []
    assert ids(viewer.get("exceptions?entity=invoice")) == []
    assert len(ids(viewer.get(f"exceptions?record={tasks[0].record_id}"))) == 3
    assert viewer.get("exceptions?state=open").status_code == 400


def test_one_task_is_read_and_not_sent_twice(viewer: Caller, tasks: list[ExceptionTask]) -> None:
    answer = viewer.get(f"exceptions/{tasks[1].pk}")
    assert (answer.json()["money"], answer.json()["holds"]) == ("120.50", True)
    again = viewer.get(f"exceptions/{tasks[1].pk}", If_None_Match=answer["ETag"])
    assert again.status_code == 304
    assert viewer.get(f"exceptions/{tasks[1].record_id}").json()["code"] == "not_found"


def test_waiving_needs_an_approver_a_reason_and_a_fresh_look(
    steward: Caller, approver: Caller, tasks: list[ExceptionTask]
) -> None:
    path = f"exceptions/{tasks[2].pk}"
    assert steward.post(f"{path}/waive", {"reason": "known"}).status_code == 403
    assert approver.post(f"{path}/waive", {}).status_code == 422
    seen = approver.get(path)["ETag"]
    ExceptionTask.objects.filter(pk=tasks[2].pk).update(money=Decimal("5000.00"))
    stale = approver.post(f"{path}/waive", {"reason": "known"}, If_Match=seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert ExceptionTask.objects.get(pk=tasks[2].pk).status == "open"
    fresh = approver.get(path)["ETag"]
    done = approver.post(f"{path}/waive", {"reason": "known"}, If_Match=fresh).json()
    assert (done["status"], done["closed_by"], done["reason"]) == ("waived", "approver", "known")
    twice = approver.post(f"{path}/waive", {"reason": "known"})
    assert (twice.status_code, twice.json()["code"]) == (409, "exception_task_closed")


def test_a_task_is_given_to_somebody_who_can_act(
    steward: Caller, viewer: Caller, tasks: list[ExceptionTask]
) -> None:
    path = f"exceptions/{tasks[0].pk}/assign"
    assert viewer.post(path, {"assignee": "steward"}).status_code == 403
    wrong = steward.post(path, {"assignee": viewer.user.username})
    assert (wrong.status_code, "nobody who could" in wrong.json()["detail"]) == (422, True)
    given = steward.post(path, {"assignee": steward.user.username}).json()
    assert given["assignee"] == steward.user.username
    assert ids(steward.get(f"exceptions?assignee={steward.user.username}")) == [str(tasks[0].pk)]
    assert steward.post(path, {"assignee": ""}).json()["assignee"] == ""
    verbs = AuditEvent.objects.filter(verb="assign exception").order_by("pk")
    assert [event.reason for event in verbs] == [steward.user.username, "nobody"]


def test_what_no_rule_checks_is_resolved_on_an_approvers_word(
    steward: Caller, caller: Callable[..., Caller], tasks: list[ExceptionTask]
) -> None:
    path = f"exceptions/{tasks[0].pk}/resolve"
    assert steward.post(path, {"reason": "called them"}).status_code == 403
    owner = caller(Role.DATA_OWNER)
    assert owner.post(path, {}).status_code == 422
    done = owner.post(path, {"reason": "called them"}).json()
    assert (done["status"], done["reason"]) == ("resolved", "called them")


def test_what_a_rule_checks_is_resolved_only_when_it_is_mended(
    steward: Caller, tasks: list[ExceptionTask]
) -> None:
    ExceptionTask.objects.filter(pk=tasks[0].pk).update(invariant="parent_is_in_business", number=4)
    done = steward.post(f"exceptions/{tasks[0].pk}/resolve", {"reason": "they sold it"})
    assert done.status_code == 200, done.content
    assert (done.json()["status"], done.json()["closed_by"]) == ("resolved", "hub")
    assert AuditEvent.objects.get(verb="resolve exception").reason == "they sold it"
    master("netsuite.invoices", WRONG_TOTAL)
    broken = ExceptionTask.objects.get(invariant="invoice_adds_up")
    refused = steward.post(f"exceptions/{broken.pk}/resolve", {"reason": "looks fine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "exception_still_broken")
    broken.refresh_from_db()
    assert (broken.status, broken.reason) == ("open", "")
