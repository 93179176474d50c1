"""Celery tasks of mastering. Losing one is harmless: the next one does what is due."""

from celery import shared_task

from apps.core.clock import utcnow
from apps.mastering.services import turn_periods, turn_trust


@shared_task(name="mastering.turn_periods", ignore_result=True)
def turn_ownership_periods() -> None:
    """Judge by today's periods of the ownership matrix from now on."""
    turn_periods(now=utcnow())


@shared_task(name="mastering.turn_trust", ignore_result=True)
def measure_ages() -> None:
    """Measure the age of values against now, where trust in them decays."""
    turn_trust(now=utcnow())
