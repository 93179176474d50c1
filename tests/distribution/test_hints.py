"""Hints may be lost: without a broker nothing raises, waits or is forgotten."""

import time

import pytest
from celery import Celery
from django.conf import settings

from apps.distribution import hints
from apps.distribution.tasks import deliver_target, sweep_lanes
from tests.distribution.golden import Target, customer, new_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application of its own: the hub's may hold a connection that an earlier test opened."""
    monkeypatch.setattr(hints, "_broker_down_until", 0.0)
    monkeypatch.delenv(
        "CELERY_BROKER_URL", raising=False
    )  # Celery prefers it to what an application is given
    lonely = Celery("lonely", broker="redis+socket:///nowhere/at/all.sock", set_as_current=False)
    lonely.conf.task_publish_retry_policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
    monkeypatch.setattr(hints, "current_app", lonely)


def test_an_unreachable_broker_is_tried_once_and_then_left_alone(no_broker: None) -> None:
    hints.kick_targets(["netsuite"])
    assert hints._broker_down_until > time.monotonic()
    started = time.monotonic()
    for _ in range(1000):
        hints.kick_targets(["netsuite"])
    assert time.monotonic() - started < 0.5


def test_the_task_delivers_what_is_due(erp: Target) -> None:
    record = new_record(customer())
    assert deliver_target("netsuite") == 1
    assert erp.verbs(record) == ["created"]


def test_the_sweep_finds_targets_with_something_due(erp: Target, no_broker: None) -> None:
    assert sweep_lanes() == 0
    new_record(customer())
    assert sweep_lanes() == 1


def test_tasks_are_known_by_the_names_that_hints_and_schedules_use() -> None:
    assert {deliver_target.name, sweep_lanes.name} == {
        "distribution.deliver_target",
        "distribution.sweep_lanes",
    }
    assert settings.CELERY_TASK_IGNORE_RESULT
