"""What an outbound mapping gives back: a payload, or every reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.connectors.failures import FailureClass

#: Golden id of a referenced record to its external id in the target.
References = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Payload:
    """The target's own fields for one golden record, and where they belong."""

    object: str
    ext_id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MappingError:
    """One field that cannot be carried over; `cls` tells whether waiting may cure it."""

    hub: str
    remote: str
    reason: str
    cls: FailureClass = FailureClass.PERMANENT


@dataclass(frozen=True, slots=True)
class MappingErrors:
    errors: tuple[MappingError, ...]

    @property
    def cls(self) -> FailureClass:
        """Permanent wins: waiting for a parent is of no use while another field is wrong."""
        classes = {error.cls for error in self.errors}
        return (
            FailureClass.PERMANENT if FailureClass.PERMANENT in classes else FailureClass.MISSING_DEPENDENCY
        )

    def __str__(self) -> str:
        return "; ".join(f"{error.hub or error.remote}: {error.reason}" for error in self.errors)


@dataclass(frozen=True, slots=True)
class RefNeed:
    """A reference the payload needs: golden record `golden_id` of `entity` must be in the target first."""

    attribute: str
    entity: str
    golden_id: str


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """A field in which the target differs from what the hub would write."""

    remote: str
    expected: Any
    actual: Any
