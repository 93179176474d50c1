"""What all systems' answers have in common: status codes, transport failures, short evidence."""

import email.utils
from datetime import UTC, datetime, timedelta

from apps.connectors.contracts import CallContext, Failure, FailureClass, Finding, Response, Scope
from apps.connectors.http import TransportFailure, retry_after
from apps.connectors.tokens import SignInFailed

_EVIDENCE = 500
_MAX_SKEW = 120.0
_BY_STATUS = {
    401: FailureClass.AUTH_REFRESH,
    403: FailureClass.PERMANENT_CONFIG,
    407: FailureClass.PERMANENT_CONFIG,
    408: FailureClass.TRANSIENT,
    409: FailureClass.STALE,
    412: FailureClass.STALE,
    423: FailureClass.TRANSIENT,
    425: FailureClass.TRANSIENT,
    428: FailureClass.NEEDS_ETAG,
    429: FailureClass.RATE_LIMITED,
}
_SCOPES: dict[FailureClass, Scope] = {
    FailureClass.RATE_LIMITED: "connector",
    FailureClass.QUOTA_EXHAUSTED: "connector",
    FailureClass.PERMANENT_CONFIG: "connector",
    FailureClass.AUTH_REFRESH: "connector",
    FailureClass.PER_RECORD: "batch",
}


def scope_of(cls: FailureClass) -> Scope:
    return _SCOPES.get(cls, "record")


def class_of_status(status: int) -> FailureClass:
    """Return the class that an HTTP status alone suggests."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return FailureClass.TRANSIENT if status >= 500 else FailureClass.PERMANENT


def failure_of_response(
    answer: Response, cls: FailureClass, code: str, message: str, *, field: str | None = None
) -> Failure:
    """Build the failure of an answer, with what a person needs to see of it."""
    return Failure(
        cls=cls,
        code=code,
        message=message[:500] or f"HTTP {answer.status}",
        field=field,
        retry_after=retry_after(answer.headers),
        scope=scope_of(cls),
        status=answer.status,
        evidence=answer.body[:_EVIDENCE].decode("utf-8", "replace"),
        poll_url=answer.headers.get("location") if cls is FailureClass.ALREADY_SUBMITTED else None,
    )


def failure_of_exception(error: Exception, context: CallContext) -> Failure:
    """Name the class of a call that got no answer.

    What certainly was not sent, or may be repeated, is transient; the rest is ambiguous.
    """
    if isinstance(error, SignInFailed):
        return error.failure
    if not isinstance(error, TransportFailure):
        return Failure(FailureClass.PERMANENT, "unexpected", f"{type(error).__name__}: {error}"[:500])
    if error.reason == "address":
        return Failure(FailureClass.PERMANENT_CONFIG, "address", error.detail, scope="connector")
    safe = not error.sent or context.idempotent
    cls = FailureClass.TRANSIENT if safe else FailureClass.AMBIGUOUS
    return Failure(cls, error.reason, error.detail, scope="record" if error.sent else "connector")


def clock_finding(answer: Response) -> Finding:
    """Compare the target's Date header with our clock: signatures and tokens need them to agree."""
    try:
        theirs = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return Finding("clock", True, "the target tells no time")
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    return Finding("clock", skew <= _MAX_SKEW, f"{skew:.0f} s apart")


def earlier(moment: str, seconds: float) -> str:
    """Return an ISO moment so many seconds earlier, in UTC with milliseconds."""
    at = datetime.fromisoformat(moment.replace("Z", "+00:00")) - timedelta(seconds=seconds)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
