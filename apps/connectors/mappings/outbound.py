"""Outbound mappings: a golden record to a target's fields and back, tested when compiled."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.connectors.catalog import Catalog
from apps.connectors.mappings.checking import Loss, check_against, losses_of
from apps.connectors.mappings.conditions import Condition, compile_condition
from apps.connectors.mappings.documents import MappingDocumentError, read_document
from apps.connectors.mappings.outfields import Direction, FieldMap, compile_field
from apps.connectors.mappings.paths import ABSENT, Path, parse_path
from apps.connectors.mappings.rendering import (
    FieldDrift,
    MappingError,
    MappingErrors,
    Payload,
    References,
    RefNeed,
)
from apps.connectors.mappings.schema import OUTBOUND
from apps.connectors.mappings.transforms import TransformError


@dataclass(frozen=True, slots=True)
class _EachMap:
    """A collection carried over item by item."""

    collection: str
    remote: Path
    fields: tuple[FieldMap, ...]


@dataclass(frozen=True, slots=True)
class OutboundMapping:
    """A compiled outbound mapping; pure, so replays with an old version give what that version gave."""

    name: str
    version: int
    entity: str
    object: str
    direction: Direction
    key_hub: str
    key_remote: str
    fields: tuple[FieldMap, ...]
    lists: tuple[_EachMap, ...]
    requires: tuple[tuple[str, str], ...]
    deactivation: Mapping[str, Any] | None
    match_when: Condition | None
    checksum: str

    @property
    def system(self) -> str:
        return self.name.split(".", 1)[0]

    @property
    def remote_fields(self) -> tuple[str, ...]:
        """The target's top-level fields this mapping writes or reads."""
        names = [field.remote.column for field in self.fields] + [part.remote.column for part in self.lists]
        return tuple(dict.fromkeys(names))

    @property
    def remote_paths(self) -> tuple[str, ...]:
        """The same with the way inside them, as connectors take them for reading: `Parent.MDM_Id__c`."""
        names = [field.remote.text for field in self.fields] + [part.remote.column for part in self.lists]
        return tuple(dict.fromkeys(names))

    def to_remote(self, golden: Mapping[str, Any], refs: References) -> Payload | MappingErrors:
        """Return the payload for a golden record, or every reason against it.

        `golden` holds canonical attributes and its id under `mdm_id` (or `id`); `refs` maps the golden ids it
        refers to (see `references`) to their external ids in this target.
        """
        body: dict[str, Any] = {}
        errors: list[MappingError] = []
        for field in self.fields:
            if field.pushes and (error := field.write(golden, body, refs)):
                errors.append(error)
        for part in self.lists:
            items = golden.get(part.collection)
            if items is None:
                continue
            rendered: list[dict[str, Any]] = []
            for item in items:
                entry: dict[str, Any] = {}
                errors.extend(e for field in part.fields if (e := field.write(item, entry, refs)))
                rendered.append(entry)
            part.remote.put(body, rendered)
        key = golden.get(self.key_hub) or golden.get("id")
        if not key:
            errors.append(MappingError(self.key_hub, self.key_remote, "the golden record has no id"))
        return MappingErrors(tuple(errors)) if errors else Payload(self.object, str(key), body)

    def from_remote(self, remote: Mapping[str, Any]) -> dict[str, Any]:
        """Return the canonical attributes a target's record says; values that do not fit are left out."""
        hub: dict[str, Any] = {}
        for field in self.fields:
            if field.pulls:
                try:
                    field.read(remote, hub)
                except TransformError:
                    continue
        for part in self.lists:
            items = part.remote.get(remote)
            if isinstance(items, list):
                hub[part.collection] = [_read_item(part, item) for item in items]
        return hub

    def matches(self, remote: Mapping[str, Any]) -> bool:
        """Tell whether a record of the target is of the kind this mapping speaks of."""
        return self.match_when is None or self.match_when(remote, remote)

    def references(self, golden: Mapping[str, Any]) -> list[RefNeed]:
        """Return the golden records that must be in the target before this one."""
        needs = [field.need(golden) for field in self.fields]
        for part in self.lists:
            needs.extend(
                field.need(item) for item in golden.get(part.collection) or () for field in part.fields
            )
        return [need for need in needs if need is not None]

    def drift(self, payload: Payload, remote: Mapping[str, Any]) -> list[FieldDrift]:
        """Compare what the hub would write with what the target holds, field by field."""
        found = []
        for field in self.fields:
            expected = field.remote.get(payload.body)
            actual = field.remote.get(remote)
            if expected is not ABSENT and actual is not ABSENT and not _same(expected, actual):
                found.append(FieldDrift(field.remote.text, expected, actual))
        return found

    def check_against(self, catalog: Catalog) -> list[str]:
        """Return what in this mapping the target's own catalog contradicts."""
        return check_against(self, catalog)

    def losses(self, golden: Mapping[str, Any], payload: Payload) -> list[Loss]:
        """Return the values of a golden record that would come back from its payload as others."""
        return losses_of(self, golden, payload.body, _same)


def _read_item(part: _EachMap, item: Mapping[str, Any]) -> dict[str, Any]:
    hub: dict[str, Any] = {}
    for field in part.fields:
        if field.pulls:
            with suppress(TransformError):
                field.read(item, hub)
    return hub


def _same(expected: Any, actual: Any) -> bool:
    if expected == actual or (expected in (None, "") and actual in (None, "")):
        return True
    if isinstance(expected, bool) or isinstance(actual, bool) or expected is None or actual is None:
        return False
    try:
        return Decimal(str(expected)) == Decimal(str(actual))
    except InvalidOperation:
        return False


def compile_mapping(text: str, version: int | None = None) -> OutboundMapping:
    """Compile an outbound document and run its inline tests; raise MappingDocumentError on a fault."""
    document = read_document(text, OUTBOUND)
    written = document.get("version")
    if version is not None and written is not None and written != version:
        raise MappingDocumentError("version", f"says {written}, but this is version {version}; write that.")
    direction: Direction = document.get("direction", "push")
    fields: list[FieldMap] = []
    lists: list[_EachMap] = []
    for index, spec in enumerate(document["fields"]):
        where = f"fields[{index}]"
        if "each" in spec:
            parts = (
                compile_field(part, f"{where}.fields[{i}]", direction)
                for i, part in enumerate(spec["fields"])
            )
            lists.append(_EachMap(spec["each"], parse_path(spec["remote"], where), tuple(parts)))
        else:
            own = _authority(document, spec, direction)
            fields.append(compile_field({**spec, **({"direction": own} if own else {})}, where, direction))
    _check_single_writer(fields)
    mapping = OutboundMapping(
        name=document["mapping"],
        version=version or written or 1,
        entity=document["entity"],
        object=document["object"],
        direction=direction,
        key_hub=document["key"]["hub"],
        key_remote=document["key"]["remote"],
        fields=tuple(fields),
        lists=tuple(lists),
        requires=tuple((need["ref"], need["mapping"]) for need in document.get("requires", [])),
        deactivation=document["deactivate"]["set"] if "deactivate" in document else None,
        match_when=compile_condition(document["match_when"], "match_when", set())
        if "match_when" in document
        else None,
        checksum=hashlib.sha256(text.encode()).hexdigest(),
    )
    for index, test in enumerate(document.get("tests", [])):
        _run_test(mapping, test, f"tests[{index}]")
    return mapping


def check_losses(text: str) -> None:
    """Have every value of the inline tests come back as it was, but for losses that the document names.

    Asked when a document is written, so that one that was good stays in force. Raises MappingDocumentError.
    """
    mapping = compile_mapping(text)
    if mapping.direction != "both":
        return
    for index, test in enumerate(read_document(text, OUTBOUND).get("tests", [])):
        golden = {mapping.key_hub: "test", **test["hub"]}
        payload = mapping.to_remote(golden, test.get("refs", {}))
        unnamed = mapping.losses(golden, payload) if isinstance(payload, Payload) else []
        for loss in unnamed:
            if not loss.reason:
                raise MappingDocumentError(
                    f"tests[{index}]",
                    f"{loss.attribute} goes out as {loss.sent!r} and comes back as {loss.back!r}; mend its `from`"
                    f" steps, or name what is lost: `loss: why` on {loss.remote}.",
                )


def _authority(document: dict[str, Any], spec: dict[str, Any], direction: Direction) -> str | None:
    """A field whose system of record is the target is read, never written."""
    rules = document.get("authority", {})
    if rules.get(spec["remote"], rules.get("default", "hub")) == "hub":
        return None
    return "pull" if direction in ("pull", "both") else spec.get("direction")


def _check_single_writer(fields: list[FieldMap]) -> None:
    seen: set[str] = set()
    for index, field in enumerate(fields):
        if field.remote.text in seen and field.pushes:
            raise MappingDocumentError(
                f"fields[{index}]", f"{field.remote.text} is written twice; keep one field for it."
            )
        if field.pushes:
            seen.add(field.remote.text)


def _run_test(mapping: OutboundMapping, test: dict[str, Any], where: str) -> None:
    golden = {mapping.key_hub: "test", **test["hub"]}
    refs = test.get("refs", {})
    given = mapping.to_remote(golden, refs)
    if isinstance(given, MappingErrors):
        raise MappingDocumentError(where, f"cannot be carried over: {given}.")
    if given.body != test["remote"]:
        raise MappingDocumentError(where, f"gives {given.body!r}, the test expects {test['remote']!r}.")
    if mapping.direction != "both":
        return
    back = {**golden, **mapping.from_remote(given.body)}
    again = mapping.to_remote(back, refs)
    both = [field.remote for field in mapping.fields if field.pulls and field.pushes]
    if isinstance(again, MappingErrors) or any(path.get(again.body) != path.get(given.body) for path in both):
        raise MappingDocumentError(
            where,
            f"does not survive the way back: {given.body!r} became {back!r}; mend the `from` transforms.",
        )
