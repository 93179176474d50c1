"""The shipped jobs: made once, left as stewards changed them, known to the worker and told in the runbook."""

from pathlib import Path

import pytest
from django_celery_beat.models import PeriodicTask

from mdm.celery import app
from mdm.schedules import SCHEDULES, seed_schedules

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"


@pytest.mark.django_db
def test_what_stewards_changed_stays_as_it_is() -> None:
    PeriodicTask.objects.all().delete()
    seed_schedules()
    assert PeriodicTask.objects.count() == len(SCHEDULES)
    pulls = PeriodicTask.objects.get(task="distribution.pull_systems")
    assert (pulls.enabled, pulls.expire_seconds, pulls.interval.every) == (False, 300, 300)
    PeriodicTask.objects.filter(pk=pulls.pk).update(enabled=True)
    seed_schedules()
    pulls.refresh_from_db()
    assert pulls.enabled
    assert PeriodicTask.objects.count() == len(SCHEDULES)


def test_each_job_names_a_task_the_worker_knows() -> None:
    app.loader.import_default_modules()
    assert [each.task for each in SCHEDULES if each.task not in app.tasks] == []


def test_each_job_is_told_in_the_runbook() -> None:
    text = RUNBOOK.read_text()
    assert [each.name for each in SCHEDULES if f"| {each.name} | `{each.task}` |" not in text] == []
