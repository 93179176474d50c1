"""Celery tasks of distribution: hints that something is due; the facts stand in the lanes."""

import os
import socket
import time
from uuid import UUID

from celery import shared_task

from apps.audit.context import SYSTEM
from apps.distribution.hints import kick_inbox, kick_targets
from apps.distribution.selectors import (
    database_now,
    due_targets,
    pulled_systems,
    readable_targets,
    unfinished_mapping_runs,
    unfinished_reconciliations,
    waiting_inboxes,
)
from apps.distribution.services import (
    deliver_due,
    fetch_inbox,
    prune_inbox,
    pull_changes,
    reconcile_target,
    work_on_mapping_run,
)
from apps.distribution.services.mapping_runs import MappingRunBusy
from apps.distribution.services.reconciliation import ReconciliationBusy

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


SLICE_SECONDS = 60.0


@shared_task(name="distribution.reconcile_targets")
def reconcile_targets() -> int:
    """Have every target that can be asked compared; nightly. Returns how many."""
    targets = readable_targets()
    for target in targets:
        reconcile.delay(target)
    return len(targets)


@shared_task(name="distribution.reconcile")
def reconcile(target: str) -> None:
    """Reconcile a target for a while, then hand on to the next task; a run that was left goes on."""
    try:
        run = reconcile_target(target=target, actor=SYSTEM, now=database_now(), seconds=SLICE_SECONDS)
    except ReconciliationBusy:
        return
    if run.state == "running":
        reconcile.delay(target)


@shared_task(name="distribution.continue_reconciliations")
def continue_reconciliations() -> int:
    """Take up runs whose worker is gone; scheduled. Returns how many."""
    now = database_now()
    targets = unfinished_reconciliations(now=now)
    for target in targets:
        reconcile.delay(target)
    runs = unfinished_mapping_runs(now=now)
    for run in runs:
        work_on_mapping.delay(str(run))
    return len(targets) + len(runs)


@shared_task(name="distribution.work_on_mapping")
def work_on_mapping(run_id: str) -> None:
    """Go on with a run over a mapping for a while, then hand on to the next task."""
    try:
        run = work_on_mapping_run(
            run_id=UUID(run_id), actor=SYSTEM, now=database_now(), seconds=SLICE_SECONDS
        )
    except MappingRunBusy:
        return
    if run.is_active:
        work_on_mapping.delay(run_id)


@shared_task(name="distribution.pull_systems")
def pull_systems() -> int:
    """Have every system that tells its changes read; scheduled. Returns how many."""
    systems = pulled_systems()
    for system in systems:
        pull.delay(system)
    return len(systems)


@shared_task(name="distribution.pull")
def pull(system: str) -> int:
    """Land what changed in one system; return how many records."""
    return pull_changes(target=system, actor=SYSTEM, now=database_now()).landed


@shared_task(name="distribution.sweep_inbox")
def sweep_inbox() -> int:
    """Have fetched what webhooks named and nobody fetched yet; scheduled. Returns of how many systems."""
    systems = waiting_inboxes(now=database_now())
    kick_inbox(systems)
    return len(systems)


@shared_task(name="distribution.fetch_inbox")
def fetch_what_was_named(system: str) -> int:
    """Settle what waits in the inbox of one system; return how many messages are settled."""
    started, settled = time.monotonic(), 0
    while time.monotonic() - started < BUDGET_SECONDS:
        done = fetch_inbox(system=system, now=database_now())
        settled += done
        if not done and system not in waiting_inboxes(now=database_now()):
            break
    return settled


@shared_task(name="distribution.prune_inbox")
def forget_old_messages() -> int:
    """Forget messages settled a month ago; nightly. Returns how many."""
    return prune_inbox(now=database_now())
