"""Reads on re-match runs."""

from apps.matching.models import MatchRun
from apps.pipeline.contracts import Progress


def progress_of(run: MatchRun) -> Progress:
    """Return how far the present phase of a run is, and how long it may still take at its pace so far."""
    seconds = run.phases.get(run.phase, {}).get("seconds", 0.0)
    share = min(1.0, run.done / run.total) if run.total else 0.0
    rate = run.done / seconds if seconds and run.done else 0.0
    left = (run.total - run.done) / rate if rate and run.total >= run.done else None
    return Progress(share, rate, left)
