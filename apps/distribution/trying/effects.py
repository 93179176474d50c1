"""One record through two versions of a mapping: what becomes of its payload, field by field. No database here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.connectors.contracts import CatalogObject, FailureClass
from apps.connectors.mappings import ABSENT, Loss, MappingErrors, OutboundMapping, Path, Payload, value_faults
from apps.golden.spec import Document

Kind = Literal["same", "changed", "new", "refused", "cured", "still_refused", "waits"]


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """One field of the target; None where nothing is written."""

    path: Path
    before: Any
    after: Any

    @property
    def field(self) -> str:
        return self.path.text

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "emptied" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Effect:
    """`refusals`: field to reason, by the mapping itself or by what the target's catalog says of lengths and types."""

    kind: Kind
    payload: Payload | None
    fields: tuple[FieldEffect, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    losses: tuple[Loss, ...] = ()
    cures: tuple[tuple[str, str], ...] = ()
    """What the version in force is refused for."""


def effect_on(
    document: Document,
    *,
    draft: OutboundMapping,
    active: OutboundMapping | None,
    described: CatalogObject | None,
    refs: Mapping[str, str],
) -> Effect:
    """Return what `draft` would do to a golden record in place of `active` (None: nothing is in force)."""
    after = draft.to_remote(document, refs)
    refusals = _refusals(after, described)
    losses = draft.losses(document, after) if draft.direction == "both" and isinstance(after, Payload) else []
    before = active.to_remote(document, refs) if active else None
    if isinstance(after, MappingErrors) and after.cls is FailureClass.MISSING_DEPENDENCY:
        return Effect("waits", None)
    fields = _differences(draft, active, before, after)
    earlier = _refusals(before, described)
    changed = bool(fields) or _body(before) != _body(after)  # also where nothing is written to another field
    kind = _kind(active, bool(refusals), bool(earlier), changed=changed)
    payload = after if isinstance(after, Payload) and not refusals else None
    return Effect(kind, payload, fields, refusals, tuple(losses), () if refusals else earlier)


def _body(rendered: Payload | MappingErrors | None) -> dict[str, Any] | None:
    return rendered.body if isinstance(rendered, Payload) else None


def _kind(active: OutboundMapping | None, refused: bool, refused_before: bool, *, changed: bool) -> Kind:
    if refused:
        return "still_refused" if refused_before else "refused"
    if refused_before:
        return "cured"
    if active is None:
        return "new"
    return "changed" if changed else "same"


def _refusals(
    rendered: Payload | MappingErrors | None, described: CatalogObject | None
) -> tuple[tuple[str, str], ...]:
    if isinstance(rendered, MappingErrors):
        if rendered.cls is FailureClass.MISSING_DEPENDENCY:
            return ()
        return tuple((error.remote or error.hub, error.reason) for error in rendered.errors)
    if rendered is None or described is None:
        return ()
    return tuple((fault.remote, fault.reason) for fault in value_faults(described, rendered.body))


def _differences(
    draft: OutboundMapping,
    active: OutboundMapping | None,
    before: Payload | MappingErrors | None,
    after: Payload | MappingErrors,
) -> tuple[FieldEffect, ...]:
    old = before.body if isinstance(before, Payload) else {}
    if not isinstance(after, Payload) or (active is not None and not isinstance(before, Payload)):
        return ()
    found = []
    for path in _paths(draft, active).values():
        was, is_now = _plain(path.get(old)), _plain(path.get(after.body))
        if was != is_now:
            found.append(FieldEffect(path, was, is_now))
    return tuple(found)


def _paths(*mappings: OutboundMapping | None) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for mapping in mappings:
        if mapping is not None:
            paths |= {field.remote.text: field.remote for field in mapping.fields if field.pushes}
            paths |= {part.remote.text: part.remote for part in mapping.lists}
    return paths


def _plain(value: Any) -> Any:
    return None if value is ABSENT else value
