"""Dead letters, deliveries and targets on screen: counted before replayed, operators act, names masked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.roles import Role
from apps.connectors.sandbox import start_sandbox
from apps.console.delivery.targets import health_of
from apps.distribution.models import Lane, Subscription, TargetState
from apps.distribution.selectors import target_counters
from apps.stewardship.models import ExceptionTask
from tests.console.signing import page, press, signed_in, told
from tests.distribution.golden import T0, Target, activate, connect, customer, lane_of, new_record

pytestmark = pytest.mark.django_db

TOO_LONG = "A" * 84
"""The ERP takes 83 characters, so the mapping refuses it without a call."""


@pytest.fixture
def erp() -> Iterator[Target]:
    running = start_sandbox("netsuite")
    yield connect(running, {"netsuite.customer": "customer", "netsuite.employee": "resource"})
    running.stop()


def parked(erp: Target, count: int = 1) -> list[Lane]:
    records = [new_record(customer(TOO_LONG)) for _ in range(count)]
    erp.deliver()
    return [lane_of(record) for record in records]


def test_a_replay_is_counted_before_it_is_done(erp: Target) -> None:
    lanes = parked(erp, 2)
    admin = signed_in(Role.ADMINISTRATOR)
    answer = press(admin, "dead_letters", act="check", lane=[lanes[0].pk])
    assert "1 dead letter would be sent again" in answer.content.decode()
    answer = press(admin, "dead_letters", act="check_all", query="?target=netsuite")
    assert "2 dead letters would be sent again" in answer.content.decode()
    assert Lane.objects.filter(parked_at__isnull=False).count() == 2


def test_a_confirmed_replay_sends_what_was_chosen(erp: Target) -> None:
    first, second = parked(erp, 2)
    said = told(signed_in(Role.ADMINISTRATOR), "dead_letters", act="replay", lane=[first.pk], reason="mended")
    assert said == ["1 sent again, in the order in which they were parked; watch the targets."]
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.parked_at is None
    assert second.parked_at is not None


def test_replay_and_skip_want_a_reason(erp: Target) -> None:
    [lane] = parked(erp)
    admin = signed_in(Role.ADMINISTRATOR)
    for act in ("replay", "skip"):
        [said] = told(admin, "dead_letter", lane.pk, act=act, reason="")
        assert said.startswith("Say why")
    lane.refresh_from_db()
    assert lane.parked_at is not None
    assert told(admin, "dead_letter", lane.pk, act="skip", reason="closed there") == [
        "Given up; later changes are delivered as usual."
    ]
    lane.refresh_from_db()
    assert (lane.parked_at, lane.done_seq) == (None, 1)


def test_a_steward_sees_dead_letters_but_does_not_replay_them(erp: Target) -> None:
    [lane] = parked(erp)
    steward = signed_in(Role.STEWARD)
    assert "legal_name: has 84 characters" in page(steward, "dead_letters")
    assert "Deal with it" not in page(steward, "dead_letter", lane.pk)
    for act in ("check", "check_all", "replay", "skip"):
        assert press(steward, "dead_letters", act=act, lane=[lane.pk], reason="x").status_code == 403
    lane.refresh_from_db()
    assert lane.parked_at is not None


def test_names_of_people_are_masked_for_a_viewer(erp: Target) -> None:
    new_record({"name": "Secret Person", "status": "active"}, entity="resource")
    erp.deliver()
    lane = Lane.objects.get(parked_at__isnull=False)
    for name, args in (("dead_letters", ()), ("dead_letter", (lane.pk,)), ("deliveries", ())):
        assert "Secret Person" not in page(signed_in(Role.VIEWER), name, *args)
        assert "Secret Person" in page(signed_in(Role.STEWARD), name, *args)


def test_statements_do_not_grow_with_the_rows(erp: Target) -> None:
    viewer = signed_in(Role.VIEWER)

    def statements() -> list[int]:
        counts = []
        for name in ("dead_letters", "deliveries", "targets"):
            with CaptureQueriesContext(connection) as queries:
                page(viewer, name)
            counts.append(len(queries))
        return counts

    parked(erp, 1)
    few = statements()
    parked(erp, 8)
    assert all(
        many <= one for many, one in zip(statements(), few, strict=True)
    )  # fewer: badges are kept a while


def test_a_target_is_paused_with_its_reason_and_resumed(erp: Target) -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    told(admin, "targets", act="pause", target="netsuite", reason="month end")
    state = TargetState.objects.get(connection=erp.connection)
    assert (state.paused, state.paused_reason) == (True, "month end")
    assert "month end" in page(admin, "targets")
    told(admin, "targets", act="resume", target="netsuite", reason="closed")
    state.refresh_from_db()
    assert not state.paused
    assert press(signed_in(Role.STEWARD), "targets", act="pause", target="netsuite").status_code == 403


def test_limits_are_checked_by_the_service(erp: Target) -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    limits = {"act": "limit", "target": "netsuite", "batch_size": "5", "rate_per_second": ""}
    [said] = told(admin, "targets", max_inflight="0", **limits)
    assert said.startswith("The limits of a target are at least one call")
    [said] = told(admin, "targets", max_inflight="many", **limits)
    assert said.startswith("Limits are numbers")
    told(admin, "targets", max_inflight="3", **limits)
    state = TargetState.objects.get(connection=erp.connection)
    assert (state.max_inflight, state.batch_size, state.rate_per_second) == (3, 5, None)


def test_one_subscription_is_paused_and_goes_on(erp: Target) -> None:
    admin, row = signed_in(Role.ADMINISTRATOR), Subscription.objects.get(mapping="netsuite.customer")
    told(admin, "targets", act="subscription", subscription=row.pk)
    row.refresh_from_db()
    assert (row.paused, row.priority) == (True, 10)
    told(admin, "targets", act="subscription", subscription=row.pk)
    row.refresh_from_db()
    assert not row.paused


def test_a_target_is_subscribed_and_backfilled_after_everything_else(erp: Target) -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    activate("netsuite.engagement")
    old = new_record({"name": "Harbour works"}, entity="engagement")
    assert "netsuite.engagement" in page(admin, "targets")
    offer = "netsuite netsuite.engagement"
    told(admin, "targets", act="subscribe", offer=offer)
    row = Subscription.objects.get(mapping="netsuite.engagement")
    assert not Lane.objects.filter(record=old).exists()
    new = new_record({"name": "Quay works"}, entity="engagement")
    [said] = told(admin, "targets", act="backfill", subscription=row.pk)
    assert said.startswith("1 records go out after everything else")
    assert (Lane.objects.get(record=old).priority, Lane.objects.get(record=new).priority) == (93, 30)
    [said] = told(admin, "targets", act="subscribe", offer=offer)
    assert "does not take yet" in said
    assert press(signed_in(Role.STEWARD), "targets", act="backfill", subscription=row.pk).status_code == 403


def test_what_an_exception_holds_is_told_apart_from_what_is_due(erp: Target) -> None:
    record = new_record(customer())
    ExceptionTask.objects.create(
        invariant="invoice_adds_up", number=9, entity="customer", record=record, severity="block", message="Held.",
        owner="finance", holds=True, opened_at=T0, due_at=T0,
    )  # fmt: skip
    erp.deliver()
    [counters] = target_counters(now=T0 + timedelta(days=1))
    assert (counters.due, counters.held, counters.lag_seconds) == (0, 1, 0.0)
    assert health_of(counters) == ("healthy", "good")


def test_a_filter_that_empties_its_queue_still_shows(erp: Target) -> None:
    shown = page(signed_in(Role.ADMINISTRATOR), "dead_letters", code="DUP_RECORD")
    assert '<option value="DUP_RECORD" selected>DUP_RECORD (0)</option>' in shown


def test_from_a_dead_letter_a_steward_goes_to_mend_the_record(erp: Target) -> None:
    [lane] = parked(erp)
    address = reverse("admin:golden_edit", args=("customer", lane.record_id))
    assert address in page(signed_in(Role.STEWARD), "dead_letter", lane.pk)
    assert address not in page(signed_in(Role.VIEWER), "dead_letter", lane.pk)
