"""Conditions of mapping documents: `{eq: [path, value]}` and its kin, compiled to `(item, root) -> bool`."""

from collections.abc import Callable
from typing import Any

from apps.connectors.mappings.documents import MappingDocumentError
from apps.connectors.mappings.paths import ABSENT, compile_getter
from apps.connectors.mappings.transforms import as_text

Condition = Callable[[Any, Any], bool]
Compared = Callable[[str, Any], bool]

_COMPARED: dict[str, Compared] = {
    "eq": lambda text, wanted: text == as_text(wanted),
    "ne": lambda text, wanted: text != as_text(wanted),
    "in": lambda text, wanted: text in {as_text(item) for item in wanted},
    "not_in": lambda text, wanted: text not in {as_text(item) for item in wanted},
    "starts_with": lambda text, wanted: text.startswith(as_text(wanted)),
}
KNOWN = (*_COMPARED, "contains", "present", "absent", "true", "all", "any", "not")


def _text(value: Any) -> str:
    if value is ABSENT or value is None or isinstance(value, dict | list):
        return ""
    return as_text(value).strip()


def compile_condition(spec: Any, where: str, used: set[str]) -> Condition:
    """Compile one condition and note the columns it reads in `used`."""
    if not isinstance(spec, dict) or len(spec) != 1:
        raise MappingDocumentError(where, f"a condition is one of {', '.join(KNOWN)}, got {spec!r}.")
    ((name, argument),) = spec.items()
    if name in ("all", "any"):
        parts = [compile_condition(part, f"{where}.{name}[{i}]", used) for i, part in enumerate(argument)]
        if name == "all":
            return lambda item, root: all(part(item, root) for part in parts)
        return lambda item, root: any(part(item, root) for part in parts)
    if name == "not":
        inner = compile_condition(argument, f"{where}.not", used)
        return lambda item, root: not inner(item, root)
    if name in ("present", "absent", "true"):
        return _about_one(name, argument, where, used)
    return _about_two(name, argument, where, used)


def _about_one(name: str, argument: Any, where: str, used: set[str]) -> Condition:
    if not isinstance(argument, str):
        raise MappingDocumentError(where, f"{name} takes a path, got {argument!r}.")
    get, path = compile_getter(argument, where)
    used.add(path.text)

    def present(item: Any, root: Any) -> bool:
        value = get(item, root)
        return bool(value) if isinstance(value, list | dict) else _text(value) != ""

    if name == "present":
        return present
    if name == "absent":
        return lambda item, root: not present(item, root)
    return lambda item, root: _text(get(item, root)).lower() in ("true", "yes", "y", "t", "1")


def _about_two(name: str, argument: Any, where: str, used: set[str]) -> Condition:
    if name not in KNOWN or not isinstance(argument, list) or len(argument) != 2:
        raise MappingDocumentError(
            where, f"{name} is no condition with [path, value]; known: {', '.join(KNOWN)}."
        )
    get, path = compile_getter(str(argument[0]), where)
    used.add(path.text)
    wanted = argument[1]
    if name == "contains":

        def contains(item: Any, root: Any) -> bool:
            value = get(item, root)
            return wanted in value if isinstance(value, list) else as_text(wanted) in _text(value)

        return contains
    compare = _COMPARED[name]
    return lambda item, root: compare(_text(get(item, root)), wanted)
