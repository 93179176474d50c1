"""Failure classes: what the hub does about an error answer of a target."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class FailureClass(StrEnum):
    """What the hub does about a failure; every error answer of every system ends in one of these."""

    TRANSIENT = "transient"  # retry with growing delay
    RATE_LIMITED = "rate_limited"  # pause the connector, not the record
    QUOTA_EXHAUSTED = "quota_exhausted"  # pause the connector for hours
    AUTH_REFRESH = "auth_refresh"  # fetch a new token once
    CSRF_REFETCH = "csrf_refetch"  # fetch a new CSRF token once
    NEEDS_ETAG = "needs_etag"  # read the version first, then write
    STALE = "stale"  # re-read, decide again, never overwrite blindly
    CONFLICT_REVIEW = "conflict_review"  # a duplicate over there: a steward decides
    MISSING_DEPENDENCY = "missing_dependency"  # wait until the parent has arrived
    PERMANENT = "permanent"  # dead letter
    PERMANENT_CONFIG = "permanent_config"  # credentials or permissions: pause the connector, alert
    BUSINESS_BLOCK = "business_block"  # the owner over there must act
    PER_RECORD = "per_record"  # look at the outcome of each item
    ALREADY_SUBMITTED = "already_submitted"  # poll the given address
    AMBIGUOUS = "ambiguous"  # sent, no answer: look it up by external id before any retry


#: Classes that another attempt may cure without a person.
RETRYABLE = frozenset(
    {
        FailureClass.TRANSIENT,
        FailureClass.RATE_LIMITED,
        FailureClass.QUOTA_EXHAUSTED,
        FailureClass.AUTH_REFRESH,
        FailureClass.CSRF_REFETCH,
        FailureClass.MISSING_DEPENDENCY,
        FailureClass.AMBIGUOUS,
        FailureClass.STALE,
        FailureClass.NEEDS_ETAG,
        FailureClass.ALREADY_SUBMITTED,
    }
)
#: Classes that say something about the target as a whole: its lanes wait, no attempt is charged.
CONNECTOR_WIDE = frozenset(
    {FailureClass.RATE_LIMITED, FailureClass.QUOTA_EXHAUSTED, FailureClass.PERMANENT_CONFIG}
)

Scope = Literal["record", "batch", "connector"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed; `retry_after` in seconds, `evidence` is safe to store (no secrets)."""

    cls: FailureClass
    code: str
    message: str
    field: str | None = None
    retry_after: float | None = None
    scope: Scope = "record"
    status: int | None = None
    evidence: str = ""
    poll_url: str | None = None

    @property
    def retryable(self) -> bool:
        return self.cls in RETRYABLE
