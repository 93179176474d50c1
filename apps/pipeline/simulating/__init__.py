"""Simulate drafts of match, ownership and survivorship rules on the live data, without writing golden data."""

from apps.pipeline.simulating.contracts import SimulationReport
from apps.pipeline.simulating.running import (
    cancel_simulation,
    is_stale,
    latest_simulation,
    prune_simulations,
    report_of,
    run_simulation,
    start_simulation,
    take_up_simulations,
)
from apps.pipeline.simulating.simulate import Simulated, simulate_rules

__all__ = [
    "Simulated",
    "SimulationReport",
    "cancel_simulation",
    "is_stale",
    "latest_simulation",
    "prune_simulations",
    "report_of",
    "run_simulation",
    "simulate_rules",
    "start_simulation",
    "take_up_simulations",
]
