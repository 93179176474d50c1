"""Where the time of a run goes: functions named by path are timed while a block runs."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

from mdm.bench.cpu import Cost, measured


def _timed(function: Callable[..., Any], cost: Cost, backend: int) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with measured([backend]) as call:
            outcome = function(*args, **kwargs)
        cost.add(call)
        return outcome

    return run


@contextmanager
def timed_stages(paths: Mapping[str, str], backend: int) -> Iterator[dict[str, Cost]]:
    """Yield the cost of each stage, given as {stage: "module.function"}; `backend` is a PostgreSQL process id.

    A stage is timed where it is called from, so name the calling module; generators are not stages.
    """
    costs = {stage: Cost() for stage in paths}
    places: list[tuple[ModuleType, str, Callable[..., Any]]] = []
    for stage, path in paths.items():
        module_name, _, name = path.rpartition(".")
        module = importlib.import_module(module_name)
        places.append((module, name, getattr(module, name)))
        setattr(module, name, _timed(getattr(module, name), costs[stage], backend))
    try:
        yield costs
    finally:
        for module, name, function in places:
            setattr(module, name, function)


def shares(costs: Mapping[str, Cost], whole: Cost) -> dict[str, float]:
    """Return each stage's part of the CPU of the whole; `rest` is what no stage accounts for."""
    found = {stage: cost.cpu / whole.cpu for stage, cost in costs.items()} if whole.cpu else {}
    return {**found, "rest": max(0.0, 1.0 - sum(found.values()))}
