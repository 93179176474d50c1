"""What routing a plan comes to."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.mastering.contracts import Plan


@dataclass(frozen=True, slots=True)
class HeldChange:
    """The part of a change that waits for an approver: one attribute group of one golden record."""

    record_id: UUID
    group: str
    before: dict[str, Any]
    after: dict[str, Any]
    provenance: dict[str, Any]
    due_hours: int
    owner: str = ""  # system or role whose data owner has to answer


@dataclass(frozen=True, slots=True)
class Routed:
    """`plan` may be applied at once; `held` waits as change requests."""

    plan: Plan
    held: tuple[HeldChange, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Policy:
    """The active approval policy: (entity, group) to the states it holds in and the hours it may take."""

    version: int
    rules: dict[tuple[str, str], tuple[frozenset[str], int]]
