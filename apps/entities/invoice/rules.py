"""Quality rules on one invoice, besides those on amounts every entity has."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule

RULES = ("settled_is_paid", "lines_say_what_they_bill")


@rule("settled_is_paid", always=False)
def settled_is_paid(spec: EntitySpec) -> RuleCheck:
    """Nothing is open only once an invoice is paid or credited (invariant 9)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        balance, status = values.get("balance"), values.get("status")
        if balance is not None and Decimal(balance) == 0 and status in ("issued", "part_paid", "disputed"):
            text = "Nothing is open: it should be paid or credited."
            yield Issue("invoice.settled", "status", "block", text, status)

    return check


@rule("lines_say_what_they_bill", always=False)
def lines_say_what_they_bill(spec: EntitySpec) -> RuleCheck:
    """Each line bills a milestone or a period."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        for number, line in enumerate(values.get("lines") or ()):
            if not line.get("milestone") and not (line.get("period_start") and line.get("period_end")):
                text = "Neither a milestone nor a period is named."
                yield Issue("line.unspecific", f"lines[{number}]", "info", text)

    return check
