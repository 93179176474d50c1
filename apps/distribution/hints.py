"""Wake-ups for whoever delivers: one NOTIFY per transaction and a Celery message after the commit.

Losing either costs nothing but a second: all that is due stands in the lanes, and sweeps look there.
"""

import time
from collections.abc import Iterable

from celery import current_app
from django.db import connection
from kombu.exceptions import OperationalError

CHANNEL, INBOX_CHANNEL = "mdm_lanes", "mdm_inbox"
_SILENCE = 30.0
"""Seconds without further tries after the broker could not be reached: a web request must not wait for it."""
_broker_down_until = 0.0


def notify_lanes() -> None:
    """Tell listeners at commit that lanes changed; PostgreSQL folds repeats in one transaction into one."""
    _notify(CHANNEL)


def notify_inbox() -> None:
    """Tell listeners at commit that messages wait."""
    _notify(INBOX_CHANNEL)


def _notify(channel: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", (channel,))


def kick_targets(codes: Iterable[str]) -> None:
    """Ask Celery to deliver to these targets; an unreachable broker is nobody's trouble."""
    _kick("distribution.deliver_target", ((code,) for code in codes))


def kick_inbox(codes: Iterable[str]) -> None:
    """Ask Celery to fetch what webhooks of these systems named."""
    _kick("distribution.fetch_inbox", ((code,) for code in codes))


def kick_pipeline() -> None:
    """Ask Celery to master what has landed."""
    _kick("pipeline.run", ((),))


def kick_mapping_run(run: str) -> None:
    """Ask Celery to go on with a run over a mapping."""
    _kick("distribution.work_on_mapping", ((run,),))


def _kick(task: str, calls: Iterable[tuple[str, ...]]) -> None:
    global _broker_down_until
    if time.monotonic() < _broker_down_until:
        return
    try:
        for arguments in calls:
            current_app.send_task(task, args=arguments, expires=30, ignore_result=True)
    except (OperationalError, OSError):
        _broker_down_until = time.monotonic() + _SILENCE
