"""Celery tasks of distribution: hints that something is due; the facts stand in the lanes."""

import os
import socket
import time

from celery import shared_task

from apps.distribution.hints import kick_targets
from apps.distribution.selectors import database_now, due_targets
from apps.distribution.services import deliver_due

BATCH = 500
BUDGET_SECONDS = 20.0
"""One task gives the worker back after this; the next sweep goes on."""


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@shared_task(name="distribution.deliver_target")
def deliver_target(target: str) -> int:
    """Deliver what is due to one target; return how many lanes went out."""
    started, claimed = time.monotonic(), 0
    while time.monotonic() - started < BUDGET_SECONDS:
        report = deliver_due(target=target, limit=BATCH, worker=worker_name(), now=database_now())
        claimed += report.claimed
        if report.gate == "rate":
            time.sleep(0.1)
        elif not report.claimed:
            break
    return claimed


@shared_task(name="distribution.sweep_lanes")
def sweep_lanes() -> int:
    """Wake deliveries for every target that has something due; return how many targets that are."""
    targets = due_targets(now=database_now())
    kick_targets(targets)
    return len(targets)
