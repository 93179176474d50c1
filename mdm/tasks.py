"""The heartbeat that proves beat, broker and worker together make progress."""

from celery import shared_task
from django.conf import settings


@shared_task(name="mdm.heartbeat")
def heartbeat() -> None:
    """Leave a mark in the home folder; the supervisor of `up` restarts a worker that leaves none."""
    if not settings.MDM_SUPERVISED:
        return
    folder = settings.MDM_HOME / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "heartbeat").touch()
