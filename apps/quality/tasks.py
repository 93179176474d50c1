"""Celery tasks of quality. Losing one is harmless: the next one does what is due."""

from celery import shared_task

from apps.core.clock import utcnow
from apps.quality.services import turn_codes


@shared_task(name="quality.turn_codes", ignore_result=True)
def turn_reference_data() -> None:
    """Act on codes and words of systems that begin or end today."""
    turn_codes(now=utcnow())
