"""Objects and fields of a sandbox system, and the check of payloads against them."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

FieldType = Literal["string", "number", "boolean", "date", "datetime", "choice", "reference", "list"]
Problem = Literal["unknown", "required", "too_long", "type", "choice", "reference"]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: FieldType = "string"
    length: int = 0
    required: bool = False
    choices: tuple[str, ...] = ()
    target: str = ""  # object a reference points at
    relation: str = ""  # name under which a reference is written by external id
    external_id: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    name: str
    label: str
    fields: tuple[Field, ...]
    prefix: str = ""
    title: str = "Name"  # field shown on the page

    def field(self, name: str) -> Field | None:
        return next((item for item in self.fields if item.name == name), None)

    def relation(self, name: str) -> Field | None:
        return next((item for item in self.fields if item.relation == name), None)


@dataclass(frozen=True, slots=True)
class Fault:
    problem: Problem
    field: str
    detail: str = ""


def check(kind: ObjectType, body: dict[str, Any], *, creating: bool) -> list[Fault]:
    """Return what is wrong with a body of plain fields (references already resolved)."""
    faults = []
    for name, value in body.items():
        field = kind.field(name)
        if field is None or field.read_only:
            faults.append(Fault("unknown", name))
        elif value is not None and (fault := _check_value(field, value)):
            faults.append(fault)
        elif value in (None, "") and field.required:
            faults.append(Fault("required", name))
    if creating:
        faults.extend(Fault("required", f.name) for f in kind.fields if f.required and f.name not in body)
    return faults


def _check_value(field: Field, value: Any) -> Fault | None:
    wrong = Fault("type", field.name, f"{value!r:.40} is no {field.type}")
    if field.type == "boolean":
        return None if isinstance(value, bool) else wrong
    if field.type == "number":
        return None if isinstance(value, int | float) and not isinstance(value, bool) else wrong
    if field.type == "list":
        return None if isinstance(value, list | dict) else wrong
    if not isinstance(value, str):
        return wrong
    if field.type == "date":
        return None if _is_date(value) else wrong
    if field.type == "choice" and value not in field.choices:
        return Fault("choice", field.name, value[:40])
    if field.length and len(value) > field.length:
        return Fault("too_long", field.name, str(field.length))
    return None


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
