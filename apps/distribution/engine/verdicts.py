"""What a failure means for its lane and for the target as a whole."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from apps.connectors.contracts import Failure, FailureClass


class Disposition(StrEnum):
    RETRY = "retry"  # charged: later, with growing delay
    LOOK_UP = "look_up"  # charged; before the next write the target is asked what it holds
    WAIT = "wait"  # not charged: something must happen there first
    HOLD = "hold"  # not charged: the whole target rests
    PARK = "park"  # dead letter


@dataclass(frozen=True, slots=True)
class Verdict:
    """`unsure`: the target may have taken the write all the same. `sick`: counts for the breaker."""

    disposition: Disposition
    unsure: bool = False
    sick: bool = False
    owner: str = "steward"
    due_in: timedelta = timedelta(hours=24)


STEWARD = Verdict(Disposition.PARK)
_OWNER = Verdict(Disposition.PARK, owner="data owner", due_in=timedelta(hours=48))
ADMINISTRATOR = Verdict(Disposition.PARK, owner="administrator", due_in=timedelta(hours=4))
_RETRY = Verdict(Disposition.RETRY, unsure=True)
_HOLD = Verdict(Disposition.HOLD, owner="administrator", due_in=timedelta(hours=4))
_UNREACHED = Verdict(Disposition.RETRY, sick=True)
_LOOK_UP = Verdict(Disposition.LOOK_UP, unsure=True)

VERDICTS: dict[FailureClass, Verdict] = {
    FailureClass.TRANSIENT: Verdict(Disposition.RETRY, unsure=True, sick=True),
    FailureClass.RATE_LIMITED: _HOLD,
    FailureClass.QUOTA_EXHAUSTED: _HOLD,
    FailureClass.PERMANENT_CONFIG: _HOLD,
    # The connector has tried a fresh token or a fresh CSRF token already when these come back.
    FailureClass.AUTH_REFRESH: _HOLD,
    FailureClass.CSRF_REFETCH: _RETRY,
    FailureClass.NEEDS_ETAG: _LOOK_UP,
    FailureClass.STALE: _LOOK_UP,
    FailureClass.AMBIGUOUS: Verdict(Disposition.LOOK_UP, unsure=True, sick=True),
    FailureClass.ALREADY_SUBMITTED: Verdict(Disposition.WAIT, unsure=True),
    FailureClass.MISSING_DEPENDENCY: Verdict(Disposition.WAIT),
    FailureClass.PER_RECORD: _RETRY,
    FailureClass.CONFLICT_REVIEW: STEWARD,
    FailureClass.PERMANENT: STEWARD,
    FailureClass.BUSINESS_BLOCK: _OWNER,
}


def verdict_on(failure: Failure) -> Verdict:
    """Return what to do about a failure; `retry_after` and messages stay with the failure itself.

    A transient failure without an answer (`status` None) is an unknown outcome, unless the request never
    left (`scope` connector): then the target certainly holds what it held.
    """
    verdict = VERDICTS[failure.cls]
    if failure.cls is not FailureClass.TRANSIENT or failure.status is not None:
        return verdict
    return _UNREACHED if failure.scope == "connector" else VERDICTS[FailureClass.AMBIGUOUS]
