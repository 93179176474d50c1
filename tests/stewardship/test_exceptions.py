"""Exception tasks: opened on write, closed by themselves, waived by a person, holding distribution."""

import pytest

from apps.accounts.roles import Role
from apps.core.errors import Denied
from apps.stewardship.invariants import invariants
from apps.stewardship.models import ApprovalPolicy, ExceptionTask
from apps.stewardship.services import TaskClosed, check_invariants, waive_exception
from tests.console.signing import person
from tests.hub import NOW, account, as_user, home_of, master, seed
from tests.mastering.test_statements import counted_statements

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd", Status__c="Active"))
    master("salesforce.opportunities", opportunity("1000", "2026-01-05"))


def opportunity(amount: str, changed: str) -> dict[str, object]:
    return {
        "Id": "O1", "Name": "Roll-out", "AccountId": "A1", "Amount": amount, "CurrencyIsoCode": "EUR", "IsWon": True,
        "StageName": "Closed Won", "Contract_Number__c": "CT-1", "SystemModstamp": f"{changed}T00:00:00Z",
    }  # fmt: skip


def invoice(gross: str, day: str) -> dict[str, object]:
    return {
        "id": "9", "tranId": "INV-9", "entity": {"id": "77"}, "subtotal": "100", "taxTotal": "20", "total": gross,
        "amountRemaining": gross, "currency": {"refName": "EUR"}, "status": {"refName": "Open"},
        "lastModifiedDate": f"{day}T00:00:00Z",
    }  # fmt: skip


def test_a_breach_opens_a_task_at_once_and_closes_it_when_it_is_mended() -> None:
    master("netsuite.invoices", invoice("999", "2026-02-01"))

    task = ExceptionTask.objects.get()
    assert (task.invariant, task.number, task.status, task.holds) == ("invoice_adds_up", 9, "open", True)
    assert task.record_id == home_of("netsuite", "invoice", "9")
    assert str(task.money) == "879.00"
    opened, due = task.opened_at, task.due_at
    assert (due - opened).total_seconds() == 86_400

    master("netsuite.invoices", invoice("120", "2026-02-02"))
    task.refresh_from_db()
    assert (task.status, task.closed_by, task.reason) == ("resolved", "hub", "The data agree again.")

    master("netsuite.invoices", invoice("130", "2026-02-03"))
    task.refresh_from_db()
    assert (task.status, str(task.money), task.closed_at) == ("open", "10.00", None)
    assert ExceptionTask.objects.count() == 1


def test_a_person_may_let_it_be_until_it_is_another_breach() -> None:
    master("netsuite.invoices", invoice("999", "2026-02-01"))
    task = ExceptionTask.objects.get()
    steward, approver = person(Role.STEWARD), person(Role.APPROVER)
    with as_user("the-steward", steward.pk), pytest.raises(Denied):
        waive_exception(task_id=task.pk, reason="so be it", now=NOW)
    with as_user("the-approver", approver.pk):
        waive_exception(task_id=task.pk, reason="rounding of the ERP", now=NOW)
        with pytest.raises(TaskClosed):
            waive_exception(task_id=task.pk, reason="again", now=NOW)

    check_invariants(now=NOW)
    task.refresh_from_db()
    assert (task.status, task.closed_by, task.reason) == ("waived", "the-approver", "rounding of the ERP")

    master("netsuite.invoices", invoice("998", "2026-02-02"))
    task.refresh_from_db()
    assert (task.status, task.reason) == ("open", "")


def test_systems_that_state_different_values_warn_and_hold_nothing() -> None:
    order = {
        "id": "55", "custbody_contract_number": "CT-1", "externalId": "O1", "memo": "Roll-out",
        "custbody_base_value": "900",
        "currency": {"refName": "EUR"}, "lastModifiedDate": "2026-01-06T00:00:00Z",
    }  # fmt: skip
    master("netsuite.sales_orders", order)
    assert home_of("netsuite", "engagement", "55") == home_of("salesforce", "engagement", "O1")

    task = ExceptionTask.objects.get(invariant="systems_agree_on_the_value")
    assert (str(task.money), task.severity, task.holds) == ("100.00", "warn", False)
    assert task.message == "netsuite: 900.00, salesforce: 1000.00"


def test_nothing_is_checked_where_nothing_is_news() -> None:
    before = check_invariants(now=NOW, entity="customer", record_ids=[])

    assert (before.opened, before.resolved, before.open) == (0, 0, 0)


def test_the_check_of_everything_takes_a_turn_for_each_invariant() -> None:
    with counted_statements() as seen:
        check_invariants(now=NOW)

    assert sum("pg_advisory_xact_lock" in statement for statement in seen) == len(list(invariants.values()))
