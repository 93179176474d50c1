"""Mapping documents as text: where a fault stands, and how two versions differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import yaml

_LINE = re.compile(r"^line (\d+)$")
_STEP = re.compile(r"[^.\[\]]+")
CONTEXT = 3


def line_of(text: str, where: str) -> int:
    """Return the line (from 1) of a place that an error names: "line 7" or "records[0].fields.name"; 0: unknown.

    A path is followed as far as it goes, so that a missing key leads to what should hold it.
    """
    if found := _LINE.match(where):
        return int(found[1])
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return 0
    line = 0
    for step in _STEP.findall(where):
        node, line = _follow(node, step, line)
        if node is None:
            break
    return line


def _follow(node: yaml.Node | None, step: str, line: int) -> tuple[yaml.Node | None, int]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        item = node.value[int(step)]
        return item, item.start_mark.line + 1
    return None, line


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: kind is same, old, new or gap; numbers from 1, 0 where it is not there."""

    kind: str
    before: int
    after: int
    text: str


def diff_lines(old: str, new: str) -> list[DiffLine]:
    """Return what changed with a few lines around, long equal stretches as one gap."""
    return list(_diff(old.splitlines(), new.splitlines()))


def _diff(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for at, group in enumerate(groups):
        if at or group[0][1]:
            yield DiffLine("gap", 0, 0, "")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for offset in range(i2 - i1):
                    yield DiffLine("same", i1 + offset + 1, j1 + offset + 1, old[i1 + offset])
                continue
            yield from (DiffLine("old", i + 1, 0, old[i]) for i in range(i1, i2))
            yield from (DiffLine("new", 0, j + 1, new[j]) for j in range(j1, j2))
