"""Translate values between what systems write and canonical codes; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from apps.golden.spec import Document, EntitySpec
from apps.quality.contracts import Issue, StandardizedRecord
from apps.quality.record import score_of

UNMAPPED = "code.unmapped"


def plain(value: object) -> str:
    """Return a value as maps compare it: without case, blanks collapsed."""
    return " ".join(str(value).casefold().split())


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One list on one day. `closed`: a value that is no code is held back; else it is taken as it comes.

    `standard`: what is valid the standardizers know (ISO lists); here are only what systems call it.
    """

    name: str
    closed: bool = False
    standard: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)  # plain text to code
    inbound: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (system, plain text) to code
    outbound: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (system, code) to its text
    sends_to: frozenset[str] = frozenset()  # systems that have outbound texts

    @property
    def checks(self) -> bool:
        return not self.standard and (self.closed or bool(self.codes))


Codes = Mapping[str, CodeTable]
"""The lists by name, as they are on one day."""

Place = tuple[str, str, str]
"""Collection ("" for an attribute of the record), attribute, list."""


@lru_cache(maxsize=64)
def coded_places(spec: EntitySpec) -> tuple[Place, ...]:
    """Return where an entity holds codes."""
    own = [("", each.name, each.codes) for each in spec.attributes if each.codes]
    items = [(c.name, each.name, each.codes) for c in spec.collections for each in c.columns if each.codes]
    return (*own, *items)


def from_system(codes: Codes, spec: EntitySpec, system: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return mapped values with what the system is known to write replaced by the canonical code."""
    changed: dict[str, Any] = {}
    for collection, name, listed in coded_places(spec):
        table = codes.get(listed)
        if table is None or not table.inbound:
            continue
        if not collection:
            code = table.inbound.get((system, plain(values.get(name, ""))))
            if code is not None:
                changed[name] = code
        elif isinstance(items := changed.get(collection, values.get(collection)), list):
            changed[collection] = [_with_code(table, system, item, name) for item in items]
    return {**values, **changed} if changed else values


def _with_code(table: CodeTable, system: str, item: Any, name: str) -> Any:
    if not isinstance(item, Mapping) or item.get(name) is None:
        return item
    code = table.inbound.get((system, plain(item[name])))
    return item if code is None else {**item, name: code}


def checked(
    codes: Codes, spec: EntitySpec, given: Mapping[str, Any], record: StandardizedRecord
) -> StandardizedRecord:
    """Return a standardized record whose codes are spelled as their list does; others are told, or held if closed."""
    values = dict(record.values)
    issues: list[Issue] = []
    for collection, name, listed in coded_places(spec):
        table = codes.get(listed)
        if table is None or not table.checks:
            continue
        if not collection:
            if name in values:
                shown = values[name] if values[name] is not None else given.get(name)
                values[name] = _checked(table, values[name], shown, name, issues)
        elif values.get(collection):
            values[collection] = [
                {**item, name: _checked(table, item[name], item[name], f"{collection}[{n}].{name}", issues)}
                if item.get(name) is not None
                else item
                for n, item in enumerate(values[collection])
            ]
    if not issues and values == record.values:
        return record
    all_issues = (*record.issues, *issues)
    return StandardizedRecord(values, all_issues, score_of(all_issues))


def _checked(table: CodeTable, value: Any, shown: Any, path: str, issues: list[Issue]) -> Any:
    if shown in (None, ""):
        return value
    code = table.codes.get(plain(value)) if value is not None else None
    if code is not None:
        return code
    said = "it is held back until it is mapped" if table.closed else "it is taken as it comes"
    issues.append(
        Issue(
            UNMAPPED,
            path,
            "downgrade" if table.closed else "info",
            f"No code of {table.name.replace('_', ' ')}: {said}.",
            str(shown)[:120],
        )
    )
    return None if table.closed else value


def to_system(codes: Codes, spec: EntitySpec, system: str, document: Document) -> tuple[Document, list[str]]:
    """Return a golden document in the words of a system, and the places left out for want of a word.

    A system without words for a list gets the canonical codes.
    """
    changed: Document = {}
    left_out: list[str] = []
    for collection, name, listed in coded_places(spec):
        table = codes.get(listed)
        if table is None or system not in table.sends_to:
            continue
        if not collection:
            if document.get(name) is not None:
                changed[name] = table.outbound.get((system, str(document[name])))
                left_out += [name] if changed[name] is None else []
        elif items := changed.get(collection, document.get(collection)):
            changed[collection] = list(_items_to(table, system, items, name, collection, left_out))
    return ({**document, **changed} if changed else document), left_out


def _items_to(
    table: CodeTable, system: str, items: list[Document], name: str, collection: str, left_out: list[str]
) -> Iterator[Document]:
    for item in items:
        if item.get(name) is None:
            yield item
            continue
        word = table.outbound.get((system, str(item[name])))
        if word is None:
            left_out.append(f"{collection}.{name}")
        yield {**item, name: word}
