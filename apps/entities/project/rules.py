"""Quality rules on one project."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule

RULES = ("billed_milestones_approved", "closed_takes_no_time")


@rule("billed_milestones_approved", always=False, at_source="info")
def billed_milestones_approved(spec: EntitySpec) -> RuleCheck:
    """A milestone is approved before it is on an invoice (invariant 8)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        for number, milestone in enumerate(values.get("milestones") or ()):
            if milestone.get("invoice_no") and not milestone.get("approved"):
                path = f"milestones[{number}].approved"
                text = "Billed without approval: approve it, or credit the invoice."
                yield Issue("milestone.not_approved", path, "block", text, milestone["invoice_no"])

    return check


@rule("closed_takes_no_time", always=False)
def closed_takes_no_time(spec: EntitySpec) -> RuleCheck:
    """A project that is closed for time takes no time."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        if values.get("status") in ("time_closed", "fin_closed") and values.get("time_open"):
            text = "Closed, yet time may be entered: close it in the system that takes time."
            yield Issue("time.open", "time_open", "warn", text)

    return check
