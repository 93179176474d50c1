"""Quality rules on one engagement."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule

RULES = ("schedule_adds_up", "capped_has_a_cap")
CENT = Decimal("0.01")


@rule("schedule_adds_up", always=False, at_source="info")
def schedule_adds_up(spec: EntitySpec) -> RuleCheck:
    """Of a fixed price the billing schedule makes the current value, to the cent (invariant 6)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        value, lines = values.get("current_value"), values.get("billing_schedule") or ()
        amounts = [line.get("amount") for line in lines]
        if values.get("contract_type") not in ("fixed", "milestone") or value is None or None in amounts:
            return
        total = sum(map(Decimal, amounts), Decimal(0))
        if amounts and abs(total - Decimal(value)) > CENT:
            text = f"The schedule makes {total}, the current value is {value}."
            yield Issue("schedule.sum", "billing_schedule", "block", text, str(total))

    return check


@rule("capped_has_a_cap", always=False, at_source="info")
def capped_has_a_cap(spec: EntitySpec) -> RuleCheck:
    """A capped contract says how much may be billed at most."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        if values.get("contract_type") == "capped" and values.get("cap") is None:
            yield Issue("cap.missing", "cap", "warn", "A capped contract without a cap.")

    return check
