"""Value expressions of layouts as closures: a path, a constant, a case, a concatenation, a reference."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from apps.connectors.mappings import standards
from apps.connectors.mappings.conditions import compile_condition
from apps.connectors.mappings.documents import MappingDocumentError
from apps.connectors.mappings.paths import ABSENT, ITEM, ROW_NUMBER, compile_getter
from apps.connectors.mappings.transforms import (
    TAKES_LIST,
    Transform,
    TransformError,
    compile_chain,
    step_name,
)

MAX_CELL = 32_768


class _Empty:
    def __repr__(self) -> str:
        return "EMPTY"

    def __bool__(self) -> bool:
        return False


#: An empty cell: the layout says whether it means null or nothing.
EMPTY: Final = _Empty()

Read = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """`read(item, root)` gives a JSON value, None, ABSENT or EMPTY, or raises TransformError."""

    read: Read
    column: str
    constant: bool = False


@dataclass(slots=True)
class Scope:
    """What compiling a document gathers: the columns it reads, and the system references default to."""

    system: str
    used: set[str] = field(default_factory=set)


def clean(value: Any) -> Any:
    """Return a cell as JSON can hold it: text trimmed, EMPTY for nothing, decimals as text."""
    if type(value) is str:
        value = value.strip()
        if not value:
            return EMPTY
        if len(value) > MAX_CELL:
            raise TransformError(f"is {len(value)} characters long; the limit is {MAX_CELL}")
        if "\0" in value:
            raise TransformError("contains a NUL character")
        return value
    if value is None or value is ABSENT or value is EMPTY or type(value) in (bool, int):
        return value
    if isinstance(value, float | Decimal):
        number = standards.parse_decimal(value)
        return int(number) if number == number.to_integral_value() else format(number, "f")
    if isinstance(value, list):
        return value or EMPTY
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def compile_value(spec: Any, where: str, scope: Scope) -> Value:
    """Compile one value expression of a layout document."""
    if isinstance(spec, str):
        return _path(spec, where, scope)
    base = _base(spec, where, scope)
    chain = compile_chain(spec.get("do", []), f"{where}.do")
    read = base.read if chain is None else _with_chain(base.read, chain)
    if "default" in spec:
        read = _with_default(read, spec["default"])
    if "reference" in spec:
        read = _as_reference(read, (spec["reference"] or {}).get("system", scope.system))
    return Value(read, base.column, base.constant)


def _base(spec: dict[str, Any], where: str, scope: Scope) -> Value:
    kinds = [kind for kind in ("from", "const", "concat", "case") if kind in spec]
    if len(kinds) != 1:
        raise MappingDocumentError(
            where, f"needs exactly one of from, const, concat or case, got {sorted(spec)}."
        )
    kind = kinds[0]
    if kind == "const":
        constant = spec["const"]
        return Value(lambda item, root: constant, "", constant=True)
    if kind == "concat":
        return _concat(spec, where, scope)
    if kind == "case":
        return _case(spec["case"], where, scope)
    if isinstance(spec["from"], str):
        return _path(spec["from"], where, scope)
    steps = spec.get("do") or []
    if not steps or step_name(steps[0], where) not in TAKES_LIST:
        raise MappingDocumentError(
            where, f"several paths need one of {', '.join(sorted(TAKES_LIST))} as first step of do."
        )
    return _several([compile_value(part, f"{where}.from", scope) for part in spec["from"]])


def _path(text: str, where: str, scope: Scope) -> Value:
    get, path = compile_getter(text, where)
    column = text.removeprefix("$root.")
    scope.used.add(path.text)
    if text != ROW_NUMBER and text != ITEM and len(path.steps) == 1 and column == text:
        return Value(_cell(text), column)
    return Value(lambda item, root: clean(get(item, root)), column)


def _cell(name: str) -> Read:
    """Read a cell of the row itself: what nearly all values are, in one step."""

    def read(item: Any, root: Any) -> Any:
        value = item.get(name, ABSENT) if isinstance(item, dict) else ABSENT
        if type(value) is str:
            value = value.strip()
            if not value:
                return EMPTY
            if len(value) <= MAX_CELL and "\0" not in value:
                return value
        return clean(value)

    return read


def _several(parts: list[Value]) -> Value:
    reads = [part.read for part in parts]

    def read(item: Any, root: Any) -> Any:
        found = [one(item, root) for one in reads]
        if all(value is ABSENT for value in found):
            return ABSENT
        return [value or None for value in found]

    return Value(read, ", ".join(part.column for part in parts if part.column))


def _concat(spec: dict[str, Any], where: str, scope: Scope) -> Value:
    """Join parts; with `strict` (the rule for keys) nothing comes out unless every part is there."""
    parts = [compile_value(part, f"{where}.concat[{i}]", scope) for i, part in enumerate(spec["concat"])]
    reads = [(part.read, part.constant) for part in parts]
    separator, strict = str(spec.get("sep", "|")), bool(spec.get("strict", False))

    def read(item: Any, root: Any) -> Any:
        texts, real = [], False
        for one, constant in reads:
            value = one(item, root)
            if value is None or value is ABSENT or value is EMPTY:
                if strict:
                    return EMPTY
                value = ""
            elif not constant:
                real = True
            texts.append(str(value))
        return separator.join(texts) if real else EMPTY

    return Value(read, ", ".join(part.column for part in parts if part.column))


def _case(spec: list[dict[str, Any]], where: str, scope: Scope) -> Value:
    arms: list[tuple[Any, Value]] = []
    for position, arm in enumerate(spec):
        place = f"{where}.case[{position}]"
        if "else" in arm:
            arms.append((None, compile_value(arm["else"], place, scope)))
        else:
            arms.append(
                (compile_condition(arm["when"], place, scope.used), compile_value(arm["then"], place, scope))
            )

    def read(item: Any, root: Any) -> Any:
        for condition, value in arms:
            if condition is None or condition(item, root):
                return value.read(item, root)
        return ABSENT

    return Value(read, ", ".join(dict.fromkeys(value.column for _, value in arms if value.column)))


def _with_chain(read: Read, chain: Transform) -> Read:
    def transformed(item: Any, root: Any) -> Any:
        value = read(item, root)
        if value is ABSENT:
            return ABSENT
        result = chain(None if value is EMPTY else value)
        return EMPTY if result is None and value is EMPTY else clean(result)

    return transformed


def _with_default(read: Read, default: Any) -> Read:
    def defaulted(item: Any, root: Any) -> Any:
        value = read(item, root)
        return default if value is ABSENT or value is EMPTY or value is None else value

    return defaulted


def _as_reference(read: Read, system: str) -> Read:
    def reference(item: Any, root: Any) -> Any:
        value = read(item, root)
        if value is ABSENT or value is EMPTY or value is None:
            return value
        return {"system": system, "key": str(value)}

    return reference
