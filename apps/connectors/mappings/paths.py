"""Paths into rows and records: `a.b`, `a[0]`, `a[*].b`, `a[kind=registered].city`; compiled once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from apps.connectors.mappings.documents import MappingDocumentError

_STEP = re.compile(r"^(?P<name>[^\[\]]+)(?P<selectors>(?:\[[^\[\]]+\])*)$")
_SELECTOR = re.compile(r"\[([^\[\]]+)\]")
_WHERE = re.compile(r"^(?P<field>\w+)=(?P<value>.*)$")


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


#: What a path returns when there is nothing at its place: not the same as null.
ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a key, an index, every item, or the first item whose field has a value."""

    kind: Literal["key", "index", "each", "where"]
    name: str = ""
    index: int = 0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    text: str
    steps: tuple[Step, ...]

    @property
    def column(self) -> str:
        return self.steps[0].name

    @property
    def many(self) -> bool:
        return any(step.kind == "each" for step in self.steps)

    def get(self, source: Any) -> Any:
        """Return the value at this path, ABSENT when there is none, a list after `[*]`."""
        return _get(source, self.steps)

    def put(self, target: dict[str, Any], value: Any) -> None:
        """Set the value at this path, making the objects and list items on the way."""
        here: Any = target
        for step, follower in zip(self.steps, (*self.steps[1:], None), strict=True):
            here = _descend(here, step, follower, value)


def parse_path(text: str, where: str = "") -> Path:
    """Parse a path; raise MappingDocumentError naming `where` when it is malformed."""
    steps: list[Step] = []
    for part in re.split(r"\.(?![^\[]*\])", text):
        match = _STEP.match(part)
        if match is None:
            raise MappingDocumentError(
                where, f"{text!r} is not a path; write a.b, a[0], a[*].b or a[kind=x].b."
            )
        steps.append(Step("key", match["name"].strip()))
        steps.extend(_selector(selector) for selector in _SELECTOR.findall(match["selectors"]))
    return Path(text, tuple(steps))


def _selector(text: str) -> Step:
    if text == "*":
        return Step("each")
    if text.isdigit():
        return Step("index", index=int(text))
    match = _WHERE.match(text)
    if match is None:
        raise MappingDocumentError("", f"[{text}] is not a selector; write [0], [*] or [field=value].")
    return Step("where", name=match["field"], value=match["value"])


def _get(source: Any, steps: tuple[Step, ...]) -> Any:
    here = source
    for position, step in enumerate(steps):
        if step.kind == "key":
            if not isinstance(here, Mapping) or step.name not in here:
                return ABSENT
            here = here[step.name]
        elif not isinstance(here, list):
            return ABSENT
        elif step.kind == "index":
            if step.index >= len(here):
                return ABSENT
            here = here[step.index]
        elif step.kind == "where":
            here = next((item for item in here if _matches(item, step)), ABSENT)
            if here is ABSENT:
                return ABSENT
        else:
            rest = steps[position + 1 :]
            found = [_get(item, rest) for item in here] if rest else list(here)
            return [item for item in found if item is not ABSENT]
    return here


def _matches(item: Any, step: Step) -> bool:
    if not isinstance(item, Mapping):
        return False
    value = item.get(step.name)
    if isinstance(value, bool):
        return step.value == ("true" if value else "false")
    return value is not None and str(value) == step.value


def _descend(here: Any, step: Step, follower: Step | None, value: Any) -> Any:
    fresh: Any = [] if follower is not None and follower.kind != "key" else {}
    if step.kind == "key":
        if follower is None:
            here[step.name] = value
            return value
        return here.setdefault(step.name, fresh)
    if step.kind == "where":
        item = next((entry for entry in here if _matches(entry, step)), None)
        if item is None:
            item = {step.name: step.value}
            here.append(item)
        return item
    while len(here) <= step.index:
        here.append({})
    if follower is None:
        here[step.index] = value
    return here[step.index]


#: The path under which a layout finds the number of the row in its file.
ROW_NUMBER: Final = "$row"

#: The path of a list's item itself, where the items are plain values.
ITEM: Final = "$item"

Getter = Callable[[Any, Any], Any]


def compile_getter(text: str, where: str = "") -> tuple[Getter, Path]:
    """Return a fast `(item, root) -> value` for a row path; `$root.` reads the outer row.

    A row of a flat file may have columns with dots in their names, so the whole text is tried as a key first.
    """
    from_root = text.startswith("$root.")
    path = parse_path(text.removeprefix("$root.") if from_root else text, where)
    plain, steps = path.text, path.steps
    if plain == ITEM:
        return (lambda item, root: item), path
    if len(steps) == 1:
        if from_root or plain == ROW_NUMBER:
            return (lambda item, root: root.get(plain, ABSENT)), path
        return (lambda item, root: item.get(plain, ABSENT) if isinstance(item, dict) else ABSENT), path

    def nested(item: Any, root: Any) -> Any:
        source = root if from_root else item
        if isinstance(source, dict) and plain in source:
            return source[plain]
        return _get(source, steps)

    return nested, path
