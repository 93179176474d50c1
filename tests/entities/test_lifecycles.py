"""Lifecycles are sane: every state can be reached, no transition leads to nowhere."""

import pytest

from apps.golden.registry import entities
from apps.golden.spec import Lifecycle

LIFECYCLES = [pytest.param(spec.lifecycle, id=spec.name) for spec in entities.values()]
STATES = {
    "customer": ("prospect", "onboarding", "active", "hold", "dormant", "closed", "merged"),
    "engagement": ("draft", "validating", "signed", "active", "on_hold", "completed", "closed", "cancelled"),
    "project": (
        "requested",
        "shell",
        "ready",
        "in_progress",
        "on_hold",
        "complete",
        "time_closed",
        "fin_closed",
    ),
    "resource": ("pre_hire", "active", "leave", "notice", "terminated"),
    "invoice": (
        "draft",
        "approved",
        "issued",
        "part_paid",
        "paid",
        "disputed",
        "credited",
        "written_off",
    ),
}


@pytest.mark.parametrize("lifecycle", LIFECYCLES)
def test_every_state_has_its_transitions_and_can_be_reached(lifecycle: Lifecycle) -> None:
    assert set(lifecycle.transitions) == set(lifecycle.states)
    assert lifecycle.active <= set(lifecycle.states)
    assert {after for targets in lifecycle.transitions.values() for after in targets} <= set(lifecycle.states)
    reached, waiting = set(), [lifecycle.initial]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(lifecycle.transitions[state])
    assert reached == set(lifecycle.states)


@pytest.mark.parametrize(("name", "states"), STATES.items())
def test_states_are_those_of_the_canonical_model(name: str, states: tuple[str, ...]) -> None:
    assert entities.get(name).lifecycle.states == states


@pytest.mark.parametrize(
    ("name", "before", "after", "allowed"),
    [
        ("customer", "prospect", "onboarding", True),
        ("customer", "merged", "active", False),
        ("customer", "hold", "active", True),
        ("customer", "active", "prospect", False),
        ("engagement", "closed", "active", False),
        ("engagement", "signed", "active", True),
        ("engagement", "cancelled", "draft", False),
        ("project", "fin_closed", "in_progress", False),
        ("project", "ready", "in_progress", True),
        ("resource", "terminated", "active", True),  # a rehire
        ("resource", "active", "pre_hire", False),
        ("invoice", "paid", "draft", False),
        ("invoice", "issued", "part_paid", True),
        ("invoice", "issued", "issued", True),
    ],
)
def test_transitions(name: str, before: str, after: str, allowed: bool) -> None:
    assert entities.get(name).lifecycle.allows(before, after) is allowed
