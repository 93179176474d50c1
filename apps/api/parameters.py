"""Query parameters: declared once, read strictly, shown in the OpenAPI document as they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from apps.api.problems import MalformedRequest

LONGEST = 500
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One query parameter; `schema` is the JSON schema of a single value, `multiple` allows it several times."""

    name: str
    schema: Mapping[str, Any]
    help: str = ""
    required: bool = False
    multiple: bool = False
    personal: bool = False
    default: Any = field(default=None)

    def read(self, text: str) -> Any:
        """Return the value of one text. Raises ValueError with what is expected."""
        if "\0" in text or len(text) > LONGEST:
            raise ValueError(f"at most {LONGEST} characters, no NUL")
        value = _READERS[str(self.schema.get("format") or self.schema["type"])](text)
        if "enum" in self.schema and value not in self.schema["enum"]:
            raise ValueError(f"one of {', '.join(map(str, self.schema['enum']))}")
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"between {low} and {high}")
        if len(text) < self.schema.get("minLength", 0):
            raise ValueError("some text")
        return value

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI parameter object."""
        schema = dict(self.schema)
        if self.default is not None:
            schema["default"] = self.default
        shown: dict[str, Any] = {"name": self.name, "in": "query", "required": self.required}
        if self.help:
            shown["description"] = self.help
        if self.multiple:
            return {**shown, "schema": {"type": "array", "items": schema}, "explode": True}
        return {**shown, "schema": schema}


def _integer(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise ValueError("a whole number")
    return int(text)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("a decimal number such as 1234.50") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 18:
        raise ValueError("a decimal number such as 1234.50")
    return value


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError("true or false")
    return _BOOLEANS[text]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("a UUID") from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date such as 2026-01-31") from None


def _timestamp(text: str) -> datetime:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
        if moment is not None and moment.tzinfo is not None:
            moment.timestamp()
            return moment
    except (ValueError, OverflowError):
        pass
    raise ValueError("a time with its zone such as 2026-01-31T12:00:00Z")


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "uuid": _uuid,
    "date": _date,
    "date-time": _timestamp,
}


def read_query(query: QueryDict, declared: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of declared parameters, defaults filled in, lists for those that may come several times.

    Raises MalformedRequest that names every parameter that is unknown, missing, repeated or no value of its type.
    """
    errors: list[dict[str, str]] = []
    values: dict[str, Any] = {}
    names = {parameter.name for parameter in declared}
    for name in query:
        if name not in names:
            errors.append(_error(name, "unknown", f"Known here: {', '.join(sorted(names)) or 'none'}."))
    for parameter in declared:
        texts = query.getlist(parameter.name)
        if not texts:
            if parameter.required:
                errors.append(_error(parameter.name, "missing", "Give this parameter."))
            values[parameter.name] = [] if parameter.multiple else parameter.default
        elif len(texts) > 1 and not parameter.multiple:
            errors.append(_error(parameter.name, "repeated", "Give this parameter once."))
        else:
            values[parameter.name] = _read_all(parameter, texts, errors)
    if errors:
        raise MalformedRequest(
            "; ".join(f"{e['parameter']}: {e['detail']}" for e in errors)[:500], errors=errors
        )
    return values


def _read_all(parameter: Parameter, texts: Iterable[str], errors: list[dict[str, str]]) -> Any:
    found = []
    for text in texts:
        try:
            found.append(parameter.read(text))
        except ValueError as reason:
            errors.append(_error(parameter.name, "invalid", f"Expected: {reason}."))
    return found if parameter.multiple else next(iter(found), None)


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"parameter": name[:100], "code": code, "detail": detail}


LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": 200},
    "How many to return at most.",
    default=50,
)
CURSOR = Parameter("cursor", {"type": "string"}, "`next` of the page before; use the same filters.")
