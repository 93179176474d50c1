"""Quality rules on one resource."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule

RULES = ("assignments_within_employment", "no_work_after_the_end", "allocation_at_most_full")
OPEN = ("tentative", "confirmed", "active")
FULL = Decimal(100)


def _assignments(
    values: Mapping[str, Any], states: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, item in enumerate(values.get("assignments") or ()):
        if item.get("status") in states:
            yield f"assignments[{number}]", item


@rule("assignments_within_employment", always=False, at_source="info")
def assignments_within_employment(spec: EntitySpec) -> RuleCheck:
    """No assignment begins before the hiring or ends after the termination (invariant 10)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        hired, left = values.get("hire_date"), values.get("term_date")
        for path, item in _assignments(values, (*OPEN, "completed")):
            start, end = item.get("start"), item.get("end")
            if hired and start and start < hired:
                text = f"Begins before the hiring on {hired}."
                yield Issue("assignment.before_hire", f"{path}.start", "block", text, start)
            if left and end and end > left:
                text = f"Ends after the termination on {left}."
                yield Issue("assignment.after_termination", f"{path}.end", "block", text, end)

    return check


@rule("no_work_after_the_end", always=False, at_source="info")
def no_work_after_the_end(spec: EntitySpec) -> RuleCheck:
    """A resource is not terminated while assignments are open (invariant 11)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        if values.get("status") != "terminated":
            return
        for path, item in _assignments(values, OPEN):
            text = "Still open after the termination: end it or staff it anew."
            yield Issue("assignment.open", f"{path}.status", "block", text, item["status"])

    return check


@rule("allocation_at_most_full", always=False)
def allocation_at_most_full(spec: EntitySpec) -> RuleCheck:
    """On no day the open assignments take more than full time together (invariant 10)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        turns = []
        for _, item in _assignments(values, OPEN):
            if item.get("start") and item.get("end") and item.get("percent"):
                turns.append((item["start"], 0, Decimal(item["percent"])))
                turns.append((item["end"], 1, -Decimal(item["percent"])))  # the last day counts in full
        taken = Decimal(0)
        for day, _, percent in sorted(turns):
            taken += percent
            if taken > FULL:
                text = f"From {day} on {taken} % of full time is assigned."
                yield Issue("allocation.over_full", "assignments", "warn", text, str(taken))
                return

    return check
