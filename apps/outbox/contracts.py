"""What the writer of an event hands over, and what a subscriber is told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append: version `seq` of a record, with the whole document after the change."""

    record_id: UUID
    entity: str
    seq: int
    type: str
    changed: tuple[str, ...]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Appended:
    """Events just appended, in the writer's still open transaction."""

    events: tuple[NewEvent, ...]
    at: datetime
