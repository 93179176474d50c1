"""Findings of a reconciliation on screen: shown with all three values, decided by operators with a reason."""

from collections.abc import Iterator

import pytest

from apps.accounts.roles import Role
from apps.audit.context import Actor
from apps.connectors.sandbox import start_sandbox
from apps.distribution.models import Finding
from apps.distribution.services import reconcile_target
from tests.console.signing import page, press, signed_in
from tests.distribution.golden import T0, Target, connect, customer, new_record, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def drifted() -> Iterator[Target]:
    """A CRM in which somebody renamed the customer that the hub had written."""
    running = start_sandbox("salesforce")
    target = connect(running, {"salesforce.account": "customer"})
    new_record(customer("Acme Ltd"))
    target.deliver()
    [row] = running.store.rows("Account")
    running.store.change_silently(row, {"Name": "Acme Holdings"})
    reconcile_target(target="salesforce", actor=Actor(name="ada"), now=T0 + seconds(60))
    yield target
    running.stop()


def test_a_finding_shows_what_should_be_and_what_is(drifted: Target) -> None:
    shown = page(signed_in(Role.VIEWER), "reconciliation")
    assert "Acme Holdings" in shown
    assert "Acme Ltd" in shown
    assert "Push ours" not in shown
    assert "Acme Holdings" not in page(signed_in(Role.ADMINISTRATOR), "reconciliation", kind="extra")


def test_only_operators_decide_and_say_why(drifted: Target) -> None:
    finding = Finding.objects.get()
    viewer, admin = signed_in(Role.VIEWER), signed_in(Role.ADMINISTRATOR)
    assert press(viewer, "reconciliation", act="waive", finding=[finding.pk], reason="x").status_code == 403
    press(admin, "reconciliation", act="waive", finding=[finding.pk], reason=" ")
    assert Finding.objects.get().state == "open"
    press(admin, "reconciliation", act="waive", finding=[finding.pk], reason="agreed with sales")
    found = Finding.objects.get()
    assert (found.state, found.reason) == ("waived", "agreed with sales")
