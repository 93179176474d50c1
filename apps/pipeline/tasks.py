"""Celery tasks of the pipeline. Losing one is harmless: what is pending stays pending, a run keeps its place."""

from uuid import UUID

from celery import shared_task

from apps.core.clock import utcnow
from apps.golden.registry import entities
from apps.matching.models import MatchRun
from apps.matching.services import prune_snapshots
from apps.pipeline.models import Simulation
from apps.pipeline.recomputing import waits_for_worker
from apps.pipeline.runs import RunActive
from apps.pipeline.services import (
    fill_review_queues,
    request_rematch,
    run_pending,
    survey_entity,
    work_on_recomputation,
    work_on_rematch,
)
from apps.pipeline.simulating import prune_simulations, run_simulation, take_up_simulations

SLICE = 120.0
"""Seconds a task works on a re-match before it hands it to the next: a worker slot is not taken for hours."""


@shared_task(name="pipeline.run", ignore_result=True)
def run_pipeline() -> None:
    """Run what is pending; scheduled every few seconds and kicked by whoever lands records."""
    run_pending()


@shared_task(name="pipeline.rematch", ignore_result=True)
def rematch(entity: str = "", mode: str = MatchRun.Mode.FULL) -> None:
    """Queue a re-match of one entity, or of all that are matched by similarity, and begin with it."""
    for spec in entities.values():
        if spec.match.strategy == "fuzzy" and entity in ("", spec.name):
            try:
                request_rematch(entity_name=spec.name, mode=mode, now=utcnow())
            except RunActive:
                continue  # the one under way goes on
    continue_rematch.delay()


@shared_task(name="pipeline.continue_rematch", ignore_result=True)
def continue_rematch() -> None:
    """Go on with a re-match that waits for a worker, or whose worker is gone; scheduled, and sent on by itself.

    Simulations and recomputations whose worker is gone are taken up by the same sweep.
    """
    take_up_simulations(now=utcnow())
    if waits_for_worker():
        recompute.delay()
    run = work_on_rematch(seconds=SLICE)
    if run is None:
        fill_review_queues()
    else:
        continue_rematch.delay()


@shared_task(name="pipeline.recompute", ignore_result=True)
def recompute() -> None:
    """Go on with the recomputation that waits for a worker; sent on by itself until it is over."""
    run = work_on_recomputation(seconds=SLICE)
    if run is not None and run.is_open:
        recompute.delay()


@shared_task(name="pipeline.simulate", ignore_result=True)
def simulate(simulation: str) -> None:
    """Run a simulation that was asked for; one that another worker runs, or that is over, is left alone."""
    run_simulation(simulation_id=UUID(simulation), now=utcnow())


@shared_task(name="pipeline.survey", ignore_result=True)
def survey(entity: str, rule: int) -> None:
    """Compare all records of an entity for the tuning studio."""
    survey_entity(entity_name=entity, rule_id=rule, now=utcnow())


@shared_task(name="pipeline.prune", ignore_result=True)
def prune() -> None:
    """Remove snapshots that no rule in force or being tried needs, and simulations of long ago."""
    tried = Simulation.objects.filter(status__in=Simulation.OPEN).values_list("match_rule", flat=True)
    prune_snapshots(tried=[rule for rule in tried if rule is not None], now=utcnow())
    prune_simulations(now=utcnow())
