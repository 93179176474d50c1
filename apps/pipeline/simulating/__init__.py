"""Simulate drafts of match, ownership and survivorship rules on the live data, without writing golden data."""

from apps.pipeline.simulating.contracts import SimulationReport
from apps.pipeline.simulating.running import (
    is_stale,
    latest_simulation,
    report_of,
    run_simulation,
    start_simulation,
)
from apps.pipeline.simulating.simulate import simulate_rules

__all__ = [
    "SimulationReport",
    "is_stale",
    "latest_simulation",
    "report_of",
    "run_simulation",
    "simulate_rules",
    "start_simulation",
]
