"""Simulations as background jobs: ask for one, run it, keep its report, and tell when it tells of the past."""

from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.audit.services import record_deed
from apps.core.clock import utcnow
from apps.core.errors import HubError, Invalid
from apps.core.json import dumps, loads
from apps.golden.registry import entities
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.matching.models import MatchRule
from apps.matching.selectors import data_moment
from apps.pipeline.models import Simulation
from apps.pipeline.simulating.contracts import SimulationReport
from apps.pipeline.simulating.progress import telling
from apps.pipeline.simulating.simulate import simulate_rules

TASK = "pipeline.simulate"
FIELDS = ("match_rule", "ownership", "survivorship")


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
    """Wake a worker; where the broker is down the row waits, and the page says so."""
    try:
        current_app.send_task(TASK, args=[str(simulation_id)], ignore_result=True)
    except (OperationalError, OSError):
        Simulation.objects.filter(pk=simulation_id).update(
            stage="the broker is out of reach: start the workers, then simulate again"
        )


def run_simulation(*, simulation_id: UUID, now: datetime) -> Simulation:
    """Run a queued simulation and keep its report; a failure is kept as its error. One that runs is left alone."""
    waiting = Simulation.objects.filter(pk=simulation_id, status=Simulation.Status.QUEUED)
    if not waiting.update(status=Simulation.Status.RUNNING, started_at=now, stage="starting", progress=0.0):
        return Simulation.objects.get(pk=simulation_id)
    simulation = Simulation.objects.get(pk=simulation_id)
    asked: dict[str, Any] = {name: getattr(simulation, name) for name in FIELDS}
    try:
        with telling(simulation.pk) as progress:
            report = simulate_rules(entity_name=simulation.entity, now=now, progress=progress, **asked)
    except HubError as failure:
        return _end(simulation, Simulation.Status.FAILED, error=f"{failure.title}. {failure}")
    except Exception as failure:
        _end(simulation, Simulation.Status.FAILED, error=f"{type(failure).__name__}: {failure}"[:500])
        raise
    return _end(simulation, Simulation.Status.DONE, report=loads(dumps(report.to_json())))


def _end(simulation: Simulation, status: str, **values: Any) -> Simulation:
    values |= {"status": status, "finished_at": utcnow(), "progress": 1.0, "stage": ""}
    Simulation.objects.filter(pk=simulation.pk).update(**values)
    simulation.refresh_from_db()
    return simulation


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
