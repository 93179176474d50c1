"""One field of an outbound mapping: hub path and remote path with the transforms between them, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from apps.connectors.failures import FailureClass
from apps.connectors.mappings.documents import MappingDocumentError
from apps.connectors.mappings.paths import ABSENT, Path, parse_path
from apps.connectors.mappings.rendering import MappingError, References, RefNeed
from apps.connectors.mappings.transforms import (
    Transform,
    TransformError,
    as_text,
    compile_chain,
    step_name,
)

Direction = Literal["push", "pull", "both"]
# What a step turns into on the way back when the document names no `from` chain of its own.
_SAME_BACK = frozenset({"trim", "squash", "text", "iso2", "iso4217", "e164", "boolean", "date", "domain"})
_NOTHING_BACK = frozenset({"truncate", "default"})
# What the last step of a chain is known to give.
_GIVES = {
    **dict.fromkeys(("decimal", "number", "integer", "scale", "abs"), "number"),
    **dict.fromkeys(("date", "timestamp", "month_start", "month_end"), "moment"),
    **dict.fromkeys(
        ("trim", "squash", "upper", "lower", "text", "prefix", "truncate", "concat", "hash"), "text"
    ),
    "boolean": "boolean",
}


@dataclass(frozen=True, slots=True)
class FieldMap:
    hub: Path | None
    constant: Any
    remote: Path
    to: Transform | None
    back: Transform | None
    required: bool
    max: int | None
    on_too_long: Literal["fail", "truncate", "omit"]
    null: Literal["omit", "send_null", "fail"]
    null_remote: Path | None
    ref: str | None
    direction: Direction
    loss: str
    gives: str

    @property
    def pushes(self) -> bool:
        return self.direction in ("push", "both")

    @property
    def pulls(self) -> bool:
        return self.direction in ("pull", "both") and self.hub is not None

    def write(self, golden: Mapping[str, Any], body: dict[str, Any], refs: References) -> MappingError | None:
        """Put this field into `body`; return why that is not possible."""
        value = self.constant if self.hub is None else self.hub.get(golden)
        if value is ABSENT or value in (None, "") or value == []:
            return self._write_nothing(body, absent=value is ABSENT)
        if self.ref is not None:
            if as_text(value) not in refs:
                return self._error(
                    f"the {self.ref} {value} is not in the target yet", FailureClass.MISSING_DEPENDENCY
                )
            value = refs[as_text(value)]
        try:
            value = self.to(value) if self.to else value
        except TransformError as error:
            return self._error(str(error))
        if value is None:
            return self._write_nothing(body, absent=False)
        if self.max is not None and isinstance(value, str) and len(value) > self.max:
            if self.on_too_long == "omit":
                return None
            if self.on_too_long == "fail":
                return self._error(f"has {len(value)} characters, the target takes {self.max}")
            value = value[: self.max].rstrip()
        self.remote.put(body, value)
        return None

    def _write_nothing(self, body: dict[str, Any], *, absent: bool) -> MappingError | None:
        if self.required or self.null == "fail":
            return self._error("is required by the target and has no value")
        if self.null == "send_null" and not absent:
            (self.null_remote or self.remote).put(body, None)
        return None

    def read(self, remote: Mapping[str, Any], hub: dict[str, Any]) -> None:
        """Put what the target holds into `hub`; a value that does not fit raises TransformError."""
        assert self.hub is not None  # noqa: S101  # callers look at `pulls`
        value = self.remote.get(remote)
        if value is ABSENT:
            return
        if value is not None and self.back is not None:
            value = self.back(value)
        if value is None and any(step.kind == "where" for step in self.hub.steps):
            return
        self.hub.put(hub, value)

    def need(self, golden: Mapping[str, Any]) -> RefNeed | None:
        if self.ref is None or self.hub is None or not self.pushes:
            return None
        value = self.hub.get(golden)
        return RefNeed(self.hub.text, self.ref, str(value)) if value and value is not ABSENT else None

    def _error(self, reason: str, cls: FailureClass = FailureClass.PERMANENT) -> MappingError:
        return MappingError(self.hub.text if self.hub else "", self.remote.text, reason, cls)


def compile_field(spec: dict[str, Any], where: str, direction: Direction) -> FieldMap:
    steps = spec.get("to", [])
    own: Direction = spec.get("direction") or ("push" if "hub" not in spec else direction)
    if own == "both" and spec.get("ref"):
        own = "push"  # the way back goes through the crosswalk, not through the mapping
    back = spec.get("from")
    if back is None and own in ("both", "pull"):
        back = _reverse(steps, where)
    null_remote = spec.get("null_remote")
    return FieldMap(
        hub=parse_path(spec["hub"], f"{where}.hub") if "hub" in spec else None,
        constant=spec.get("const"),
        remote=parse_path(spec["remote"], f"{where}.remote"),
        to=compile_chain(steps, f"{where}.to"),
        back=compile_chain(back or [], f"{where}.from"),
        required=spec.get("required", False),
        max=spec.get("max"),
        on_too_long=spec.get("on_too_long", "fail"),
        null=spec.get("null", "omit" if spec.get("ref") and not null_remote else "send_null"),
        null_remote=parse_path(null_remote, f"{where}.null_remote") if null_remote else None,
        ref=spec.get("ref"),
        direction=own,
        loss=spec.get("loss", ""),
        gives=_GIVES.get(step_name(steps[-1], where), "") if steps else "",
    )


def _reverse(steps: list[Any], where: str) -> list[Any]:
    """Return the `from` chain that undoes a `to` chain, where the steps allow it."""
    back: list[Any] = []
    for step in reversed(steps):
        name = step_name(step, where)
        if name in _SAME_BACK:
            back.append(name)
        elif name in ("decimal", "number"):
            back.append("decimal" if isinstance(step, str) or step[name] is None else {"decimal": step[name]})
        elif name == "lookup":
            table = {as_text(value): key for key, value in step["lookup"].items()}
            back.append({"lookup": table, "else": "keep" if step.get("else") == "keep" else "fail"})
        elif name not in _NOTHING_BACK:
            raise MappingDocumentError(
                where,
                f"{name} has no known way back; write a `from` chain, or `direction: push` for this field.",
            )
    return back
