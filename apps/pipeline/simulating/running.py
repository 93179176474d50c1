"""Simulations as background jobs: ask for one, run it, keep its report, and tell when it tells of the past."""

import logging
import os
import socket
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.audit.services import record_deed
from apps.core.bulk import copy_rows, raw_cursor
from apps.core.clock import utcnow
from apps.core.errors import Conflict, HubError, Invalid, NotFound
from apps.core.json import dumps, loads
from apps.golden.registry import entities
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.matching.models import MatchRule
from apps.matching.selectors import data_moment
from apps.pipeline.models import SimulatedRecord, Simulation
from apps.pipeline.simulating.contracts import SimulationReport
from apps.pipeline.simulating.leases import (
    SimulationLost,
    claim_simulation,
    keeping,
    sweep_simulations,
)
from apps.pipeline.simulating.simulate import Simulated, simulate_rules

TASK = "pipeline.simulate"
FIELDS = ("match_rule", "ownership", "survivorship")
KEPT = timedelta(days=90)
"""How long what was simulated can be looked at."""

log = logging.getLogger(__name__)


@transaction.atomic
def start_simulation(
    *,
    entity_name: str = "",
    match_rule: int | None = None,
    ownership: int | None = None,
    survivorship: int | None = None,
    now: datetime,
    at_once: bool = False,
) -> Simulation:
    """Ask for a simulation of versions of rules (ids); a worker runs it, or the caller does (`at_once`).

    Raises Invalid when none is named.
    """
    tried = {"match_rule": match_rule, "ownership": ownership, "survivorship": survivorship}
    if not any(value is not None for value in tried.values()):
        raise Invalid("Name a version of a match rule, an ownership matrix or survivorship rules.")
    if match_rule is not None:
        entity_name = MatchRule.objects.values_list("entity", flat=True).get(pk=match_rule)
    simulation = Simulation.objects.create(
        entity=entity_name,
        subject=_subject(tried),
        rules=rules_word(tried),
        requested_at=now,
        **tried,
    )
    record_deed(verb="simulate rules", entity=entity_name, subject=simulation.subject, now=now)
    if not at_once:
        transaction.on_commit(partial(_send, simulation.pk))
    return simulation


def _send(simulation_id: UUID) -> None:
    """Wake a worker; where the broker is down the row waits for the next sweep."""
    try:
        current_app.send_task(TASK, args=[str(simulation_id)], ignore_result=True)
    except (OperationalError, OSError):
        return


def take_up_simulations(*, now: datetime) -> int:
    """Call a worker for every simulation that waits or was left by one, and give up what none can do."""
    waiting = sweep_simulations(now=now)
    for simulation_id in waiting:
        _send(simulation_id)
    return len(waiting)


def run_simulation(*, simulation_id: UUID, now: datetime) -> Simulation:
    """Run a simulation and keep its report; a failure is kept as its error. One that others run is left alone."""
    simulation = claim_simulation(simulation_id=simulation_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if simulation is None:
        return Simulation.objects.get(pk=simulation_id)
    asked: dict[str, Any] = {name: getattr(simulation, name) for name in FIELDS}
    try:
        with keeping(simulation) as progress:
            found = simulate_rules(entity_name=simulation.entity, now=now, progress=progress, **asked)
            progress("writing the report", 0.98)
    except SimulationLost:
        log.warning("pipeline.simulation.lost id=%s token=%s", simulation.pk, simulation.token)
    except HubError as failure:
        _end(simulation, Simulation.Status.FAILED, error=f"{failure.title}. {failure}")
    except Exception as failure:
        _end(simulation, Simulation.Status.FAILED, error=f"{type(failure).__name__}: {failure}"[:500])
        raise
    else:
        _keep(simulation, found)
    simulation.refresh_from_db()
    return simulation


@transaction.atomic
def _keep(simulation: Simulation, found: Simulated) -> None:
    report = found.report
    values = {"report": loads(dumps(report.to_json())), "summary": report.summary()}
    if not _end(simulation, Simulation.Status.DONE, **values):
        return
    with raw_cursor() as cursor:
        copy_rows(
            cursor,
            SimulatedRecord._meta.db_table,
            ("simulation_id", "record_id", "entity", "kind", "attributes", "held", "worth"),
            (
                (
                    simulation.pk,
                    record,
                    each.entity,
                    each.kind,
                    [n for n, _ in each.values],
                    each.held,
                    each.worth,
                )
                for record, each in found.outcomes.items()
            ),
        )


def _end(simulation: Simulation, status: str, **values: Any) -> bool:
    """Write how it ended, if it is still this worker's to say so."""
    values |= {"status": status, "finished_at": utcnow(), "progress": 1.0, "stage": "", "lease_until": None}
    mine = Simulation.objects.filter(
        pk=simulation.pk, token=simulation.token, status=Simulation.Status.RUNNING
    )
    return bool(mine.update(**values))


@transaction.atomic
def cancel_simulation(*, simulation_id: UUID, now: datetime) -> Simulation:
    """Stop a simulation that waits or runs; its worker lets go within a second or two. Raises Conflict, NotFound."""
    simulation = Simulation.objects.select_for_update().filter(pk=simulation_id).first()
    if simulation is None:
        raise NotFound("There is no such simulation.")
    if not simulation.is_open:
        raise Conflict(f"It is {simulation.status} already.")
    simulation.status, simulation.finished_at = Simulation.Status.CANCELLED, now
    simulation.stage, simulation.lease_until = "", None
    simulation.save(update_fields=["status", "finished_at", "stage", "lease_until"])
    record_deed(verb="cancel simulation", entity=simulation.entity, subject=simulation.subject, now=now)
    return simulation


@transaction.atomic
def prune_simulations(*, now: datetime) -> int:
    """Remove simulations that are over and older than KEPT, with their lists; return how many."""
    over = Simulation.objects.exclude(status__in=Simulation.OPEN).filter(requested_at__lt=now - KEPT)
    gone = list(over.values_list("pk", flat=True))
    SimulatedRecord.objects.filter(simulation__in=gone).delete()
    Simulation.objects.filter(pk__in=gone).delete()
    return len(gone)


def report_of(simulation: Simulation) -> SimulationReport | None:
    """Return the report, None while there is none."""
    return SimulationReport.from_json(simulation.report) if simulation.report else None


def latest_simulation(**tried: int) -> Simulation | None:
    """Return the newest simulation of a version: `match_rule=`, `ownership=` or `survivorship=`."""
    return Simulation.objects.filter(**tried).order_by("-requested_at").first()


def is_stale(simulation: Simulation) -> str:
    """Tell why a report no longer holds: "rules" changed since, or the "data" did; "" while it holds."""
    if simulation.rules != rules_word({name: getattr(simulation, name) for name in FIELDS}):
        return "rules"
    moment: dict[str, str] = (simulation.report or {}).get("moment", {})
    for name, word in moment.items():
        if name in entities and data_moment(entity_name=name) != word:
            return "data"
    return ""


def _subject(tried: dict[str, int | None]) -> str:
    found = []
    for name, model in (
        ("match_rule", MatchRule),
        ("ownership", OwnershipMatrix),
        ("survivorship", SurvivorshipPolicy),
    ):
        if (pk := tried[name]) is not None:
            found.append(str(model._default_manager.get(pk=pk)))
    return " and ".join(found)[:200]


def rules_word(tried: dict[str, int | None]) -> str:
    """Name the versions as they are now in one word: it changes when a draft is edited."""
    told: list[Any] = []
    if (rule := tried["match_rule"]) is not None:
        told += MatchRule.objects.filter(pk=rule).values_list("config", "model")
    for name, model in (("ownership", OwnershipMatrix), ("survivorship", SurvivorshipPolicy)):
        if (pk := tried[name]) is not None:
            row = model._default_manager.filter(pk=pk).first()
            rules = row.rules.order_by("pk").values() if row else ()
            told.append([str(sorted(rule.items())) for rule in rules])
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()
