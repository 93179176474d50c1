"""What the rules share: issues, amounts and items read from canonical values."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue, Severity
from apps.quality.standardizers.base import shown

Values = Mapping[str, Any]
CENT = Decimal("0.01")


def issue_at(attribute: str, code: str, severity: Severity, message: str, value: object = None) -> Issue:
    return Issue(code, attribute, severity, message, None if value is None else shown(value))


def amount_of(value: object) -> Decimal | None:
    """Return a canonical number as Decimal; None for what is absent or no number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def has_attributes(spec: EntitySpec, *names: str) -> bool:
    return {attribute.name for attribute in spec.attributes}.issuperset(names)


def items_of(values: Values, name: str) -> list[Mapping[str, Any]]:
    rows = values.get(name)
    if not rows or not isinstance(rows, list):
        return []
    return [row for row in rows if type(row) is dict or isinstance(row, Mapping)]
