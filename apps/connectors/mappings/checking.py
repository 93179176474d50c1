"""What speaks against a mapping or a payload: a target's own fields, lengths and types; what does not come back."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from apps.connectors.catalog import Catalog, CatalogField, CatalogObject
from apps.connectors.mappings.outfields import FieldMap
from apps.connectors.mappings.paths import ABSENT

if TYPE_CHECKING:
    from apps.connectors.mappings.outbound import OutboundMapping

_MOMENT = re.compile(
    r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$|^/Date\(-?\d+\)/$"
)
_NUMBERS = (
    "number",
    "double",
    "currency",
    "percent",
    "int",
    "integer",
    "bigint",
    "decimal",
    "money",
    "float",
    "numeric",
)
_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("number", frozenset(_NUMBERS)),
    ("boolean", frozenset(("boolean", "bool", "checkbox"))),
    ("moment", frozenset(("date", "datetime", "date-time", "timestamp", "datetimeoffset"))),
    ("text", frozenset(("string", "text", "textarea", "char", "varchar", "memo", "email", "phone", "url"))),
)


@dataclass(frozen=True, slots=True)
class ValueFault:
    """A value that a target would refuse."""

    remote: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that comes back from the target as another one; `reason` is what the document says of it."""

    attribute: str
    remote: str
    sent: Any
    back: Any
    reason: str


def kind_of(type_name: str) -> str:
    """Return number, boolean, moment or text for the name a target gives a type; "" where it is another one."""
    name = type_name.lower().removeprefix("edm.")
    return next((kind for kind, names in _KINDS if name in names), "")


def check_against(mapping: "OutboundMapping", catalog: Catalog) -> list[str]:
    """Return what in a mapping the target's own catalog contradicts."""
    described = catalog.object(mapping.object)
    if described is None:
        return [f"{mapping.object} does not exist in the target."]
    faults = [
        f"{mapping.object} has no field {name}."
        for name in dict.fromkeys((mapping.key_remote, *mapping.remote_fields))
        if described.field(name) is None and not name.endswith("__r")
    ]
    for field in mapping.fields:
        if known := described.field(field.remote.column):
            faults.extend(_field_faults(field, known))
    return faults


def _field_faults(field: FieldMap, known: CatalogField) -> Iterator[str]:
    if field.pushes and not known.writable:
        yield f"{known.name} cannot be written; give the field `direction: pull`."
    if known.max_length and field.max and field.max > known.max_length:
        yield f"{known.name} takes {known.max_length} characters, the mapping allows {field.max}."
    wanted = kind_of(known.type)
    if field.pushes and field.gives and wanted and not _fits(field.gives, wanted):
        yield f"{known.name} is a {known.type}, the mapping gives it a {field.gives}."


def _fits(given: str, wanted: str) -> bool:
    """Text may hold any of them: systems that keep everything as text say so in their catalog."""
    return wanted in (given, "text")


def value_faults(described: CatalogObject, body: Mapping[str, Any]) -> list[ValueFault]:
    """Return which values of a payload are too long for the target, or of another type than it takes."""
    faults = []
    for name, value in body.items():
        known = described.field(name)
        if known is None or value is None or isinstance(value, dict | list):
            continue
        reason = _too_long(known, value) or _wrong_type(known, value)
        if reason:
            faults.append(ValueFault(name, reason))
    return faults


def _too_long(known: CatalogField, value: Any) -> str:
    if known.max_length and isinstance(value, str) and len(value) > known.max_length:
        return f"has {len(value)} characters, the target takes {known.max_length}"
    return ""


def _wrong_type(known: CatalogField, value: Any) -> str:
    wanted = kind_of(known.type)
    fits = _READS.get(wanted)
    return f"is no {wanted}: the target has {known.type} there" if fits and not fits(value) else ""


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


_READS: Mapping[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool) or str(value).lower() in ("true", "false"),
    "moment": lambda value: isinstance(value, int | float) or bool(_MOMENT.match(str(value))),
}


def losses_of(
    mapping: "OutboundMapping",
    golden: Mapping[str, Any],
    body: Mapping[str, Any],
    same: Callable[[Any, Any], bool],
) -> list[Loss]:
    """Return the values that a payload gives back as others, where the mapping goes both ways."""
    back = mapping.from_remote(body)
    found = list(_field_losses(mapping.fields, golden, back, body, same))
    for part in mapping.lists:
        items, returned = golden.get(part.collection) or (), back.get(part.collection) or ()
        for item, again in zip(items, returned, strict=False):
            for loss in _field_losses(part.fields, item, again, {}, same):
                path = f"{part.collection}.{loss.attribute}"
                found.append(
                    Loss(path, f"{part.remote.text}.{loss.remote}", loss.sent, loss.back, loss.reason)
                )
    return found


def _field_losses(
    fields: Iterable[FieldMap],
    golden: Mapping[str, Any],
    back: Mapping[str, Any],
    body: Mapping[str, Any],
    same: Callable[[Any, Any], bool],
) -> Iterator[Loss]:
    for field in fields:
        if not (field.pushes and field.pulls) or field.hub is None or field.ref:
            continue
        sent, returned = field.hub.get(golden), field.hub.get(back)
        if sent is ABSENT or sent in (None, "") or (body and field.remote.get(body) is ABSENT):
            continue  # nothing was said, or left out knowingly
        if not same(sent, None if returned is ABSENT else returned):
            yield Loss(field.hub.text, field.remote.text, sent, returned or None, field.loss)
