"""Celery tasks of the pipeline. Losing one is harmless: what is pending stays pending until a run takes it."""

from celery import shared_task

from apps.golden.registry import entities
from apps.pipeline.services import rematch_entity, run_pending


@shared_task(name="pipeline.run", ignore_result=True)
def run_pipeline() -> None:
    """Run what is pending; scheduled every few seconds and kicked by whoever lands records."""
    run_pending()


@shared_task(name="pipeline.rematch", ignore_result=True)
def rematch(entity: str = "") -> None:
    """Re-match one entity, or all that are matched by similarity; scheduled at night."""
    for spec in entities.values():
        if spec.match.strategy == "fuzzy" and entity in ("", spec.name):
            rematch_entity(entity_name=spec.name)
