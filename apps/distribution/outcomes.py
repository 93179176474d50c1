"""From a result to what is written down: the attempt's end and the lane's next state. No database here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from apps.connectors.contracts import Failure, FailureClass
from apps.connectors.contracts import Outcome as Said
from apps.distribution.calling import Result
from apps.distribution.drafts import Draft
from apps.distribution.engine.delays import HORIZON, LONGEST_RETRY_AFTER, retry_delay, wait_delay
from apps.distribution.engine.verdicts import ADMINISTRATOR, STEWARD, Disposition, Verdict, verdict_on
from apps.distribution.models import Outcome

DONE = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.CONFIRMED, Outcome.SKIPPED})
POLL_AFTER = 15.0
"""Seconds until a write the target took for later is looked up, when it does not say itself."""


@dataclass(frozen=True, slots=True)
class LaneNext:
    """The columns of a lane after a claim has ended; the lease is given back in every case."""

    next_at: datetime
    attempts: int = 0
    unsure: bool = False
    failing_since: datetime | None = None
    waiting_for: UUID | None = None
    code: str = ""
    note: str = ""
    parked_at: datetime | None = None
    park_code: str = ""
    park_reason: str = ""
    park_owner: str = ""
    park_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How one claim ended. `reached` is set when the target acknowledged; `healthy` speaks of the target
    (None: says nothing); `hold` is a reason to rest all of it."""

    draft: Draft
    outcome: Outcome
    lane: LaneNext
    code: str = ""
    message: str = ""
    response: str = ""
    http_status: int | None = None
    reached: Result | None = None
    healthy: bool | None = None
    hold: Failure | None = None

    @property
    def acknowledged(self) -> Said:
        """What the target said when it took the version."""
        if self.reached is None:
            raise LookupError(f"lane {self.draft.facts.lane_id} was not acknowledged")
        return self.reached.outcome


def ending_of_draft(draft: Draft, *, now: datetime) -> Ending:
    """Return how a draft ends that needs no call: unchanged, skipped, waiting, or refused by the mapping."""
    if draft.outcome is not None and draft.outcome in DONE:
        return Ending(draft, draft.outcome, LaneNext(next_at=now), draft.code, draft.message)
    if draft.outcome is Outcome.WAITING:
        return _waiting(draft, draft.code, draft.message, now)
    return _parked(draft, STEWARD, draft.code, draft.message, now)


def ending_of_result(result: Result, *, now: datetime) -> Ending:
    """Return how a draft ends after its call."""
    outcome, draft = result.outcome, result.draft
    if result.absent:
        return Ending(draft, Outcome.SKIPPED, LaneNext(next_at=now), "never_delivered", healthy=True)
    if outcome.ok:
        named = Outcome.CONFIRMED if result.confirmed else Outcome(outcome.status)
        return Ending(draft, named, LaneNext(next_at=now), reached=result, healthy=True)
    if outcome.failure is not None:
        return _failed(draft, outcome.failure, now)
    pending = _waiting(draft, "pending", "The target has taken it and works on it.", now, POLL_AFTER)
    return replace(
        pending,
        outcome=_unless_parked(pending, Outcome.PENDING),
        lane=replace(pending.lane, unsure=True),
        healthy=True,
    )


def superseded(ending: Ending, *, now: datetime) -> Ending:
    """Return the ending of a refused version when a newer one has come meanwhile: that one gets its turn."""
    return replace(ending, lane=LaneNext(next_at=now, unsure=ending.lane.unsure))


def _failed(draft: Draft, failure: Failure, now: datetime) -> Ending:
    message = _storable(draft, failure.message)[:1000]
    verdict = verdict_on(failure)
    ending = _by_disposition(draft, failure, verdict, message, now)
    return replace(
        ending,
        lane=replace(ending.lane, unsure=draft.facts.unsure or verdict.unsure),
        response=_storable(draft, failure.evidence)[:2000],
        http_status=failure.status,
        healthy=_health_after(verdict),
    )


def _storable(draft: Draft, text: str) -> str:
    """Return a target's words without personal values, and without NUL, which PostgreSQL refuses."""
    text = text.replace("\x00", "")
    return draft.masker.text(text) if draft.masker else text


def _health_after(verdict: Verdict) -> bool | None:
    """A refusal shows a target that works; a hold or a stale version says nothing."""
    if verdict.sick:
        return False
    return True if verdict.disposition in (Disposition.PARK, Disposition.WAIT) else None


def _by_disposition(draft: Draft, failure: Failure, verdict: Verdict, message: str, now: datetime) -> Ending:
    if verdict.disposition is Disposition.PARK:
        return _parked(draft, verdict, failure.code, message, now)
    if verdict.disposition is Disposition.HOLD:
        return _held(draft, failure, message, now)
    if verdict.disposition is Disposition.WAIT:
        ending = _waiting(draft, failure.code, message, now, failure.retry_after)
        return replace(ending, outcome=_unless_parked(ending, Outcome.PENDING)) if verdict.unsure else ending
    ending = _retried(draft, failure, message, now)
    no_answer = failure.status is None and verdict.unsure
    return replace(ending, outcome=_unless_parked(ending, Outcome.UNKNOWN)) if no_answer else ending


def _held(draft: Draft, failure: Failure, message: str, now: datetime) -> Ending:
    """The target rests; a lane that was refused access also lets others try first: it may be the only one."""
    facts = draft.facts
    since = facts.failing_since or now
    busy = failure.cls in (FailureClass.RATE_LIMITED, FailureClass.QUOTA_EXHAUSTED)
    lane = LaneNext(
        next_at=now if busy else now + wait_delay(waited=now - since),
        attempts=facts.attempts,
        failing_since=since,
        code=failure.code[:80],
        note=message[:500],
    )
    return Ending(draft, Outcome.HELD, lane, failure.code, message, hold=replace(failure, message=message))


def _unless_parked(ending: Ending, outcome: Outcome) -> Outcome:
    return Outcome.PARKED if ending.outcome is Outcome.PARKED else outcome


def _retried(draft: Draft, failure: Failure, message: str, now: datetime) -> Ending:
    facts = draft.facts
    since = facts.failing_since or now
    failures = facts.attempts + 1
    wait = retry_delay(failures=failures, seed=facts.lane_id, retry_after=failure.retry_after)
    if now + wait - since > HORIZON:
        spent = f"Tried {failures} times since {since:%Y-%m-%d %H:%M} UTC; last: {message}"
        return _parked(draft, ADMINISTRATOR, "exhausted", spent, now)
    lane = LaneNext(now + wait, failures, failing_since=since, code=failure.code[:80], note=message[:500])
    return Ending(draft, Outcome.RETRY, lane, failure.code, message)


def _waiting(draft: Draft, code: str, message: str, now: datetime, asked: float | None = None) -> Ending:
    since = draft.facts.failing_since or now
    if now - since > HORIZON:
        return _parked(draft, STEWARD, "waited_too_long", message, now)
    floor = min(timedelta(seconds=asked or 0.0), LONGEST_RETRY_AFTER)
    lane = LaneNext(
        next_at=now + max(wait_delay(waited=now - since), floor),
        attempts=draft.facts.attempts,
        unsure=draft.facts.unsure,
        failing_since=since,
        waiting_for=draft.waiting_for,
        code=code[:80],
        note=message[:500],
    )
    return Ending(draft, Outcome.WAITING, lane, code, message)


def _parked(draft: Draft, verdict: Verdict, code: str, message: str, now: datetime) -> Ending:
    lane = LaneNext(
        next_at=now,
        attempts=draft.facts.attempts,
        unsure=draft.facts.unsure,
        failing_since=draft.facts.failing_since,
        code=code[:80],
        note=message[:500],
        parked_at=now,
        park_code=code[:80] or "refused",
        park_reason=message[:1000],
        park_owner=verdict.owner,
        park_due=now + verdict.due_in,
    )
    return Ending(draft, Outcome.PARKED, lane, code, message)
