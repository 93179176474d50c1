"""Match runs on screen: who may start, cancel and resume them, what they show, room in the review queue."""

import pytest

from apps.accounts.roles import Role
from apps.core.clock import utcnow
from apps.matching.models import MatchRun, ReviewLimit
from apps.pipeline.services import rematch_entity, request_rematch
from tests.console.signing import page, press, signed_in, told
from tests.hub import account, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """There is no broker here: note whom it would have woken."""
    seed()
    sent: list[str] = []
    monkeypatch.setattr("apps.console.rules.match_runs.start_task", sent.append)
    return sent


def test_a_run_is_started_cancelled_and_resumed(woken: list[str]) -> None:
    admin = signed_in(Role.ADMINISTRATOR)
    press(admin, "match_runs", act="start", entity="customer", mode="full")
    run = only(MatchRun.objects.all())
    assert (run.status, run.mode, run.started_by) == ("queued", "full", "the-administrator")
    again = told(admin, "match_runs", act="start", entity="customer", mode="full")
    assert "A re-match of this entity is under way" in only(again)
    assert "waits for a worker" in page(admin, "match_run", run.pk)
    assert told(admin, "match_run", run.pk, act="cancel") == ["Cancelled."]
    assert only(told(admin, "match_run", run.pk, act="resume")).startswith("It goes on with")
    assert woken == ["pipeline.continue_rematch"] * 2


def test_a_steward_sees_runs_and_may_not_touch_them() -> None:
    run = request_rematch(entity_name="customer", now=utcnow())
    steward = signed_in(Role.STEWARD)
    assert 'value="cancel"' not in page(steward, "match_run", run.pk)
    assert press(steward, "match_run", run.pk, act="cancel").status_code == 403
    assert press(steward, "match_runs", act="start", entity="customer", mode="full").status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


def test_the_report_of_a_run_tells_phases_and_counts() -> None:
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"), account("A2", "Quantock Advisory Ltd"))
    run = rematch_entity(entity_name="customer")
    shown = page(signed_in(Role.STEWARD), "match_run", run.pk)
    for word in (
        "Prepare and key records",
        "Find candidate pairs",
        "Cluster",
        "pairs compared",
        "done: 2 records",
    ):
        assert word in shown
    assert f"/{run.pk}/" in page(signed_in(Role.STEWARD), "match_runs")


def test_room_in_the_review_queue_is_set_by_rule_editors() -> None:
    steward = signed_in(Role.STEWARD)
    said = told(steward, "match_runs", act="limit", entity="customer", most="250")
    assert said == ["Up to 250 reviews of customers may be open at once."]
    assert ReviewLimit.objects.get(entity="customer").most == 250
    assert "At least one review" in only(
        told(steward, "match_runs", act="limit", entity="customer", most="0")
    )
    assert (
        press(signed_in(Role.VIEWER), "match_runs", act="limit", entity="customer", most="5").status_code
        == 403
    )
