"""How NetSuite says things: error codes, literals, columns of SuiteQL, its description of record types."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.contracts import (
    CallContext,
    CatalogField,
    CatalogObject,
    Change,
    Failure,
    FailureClass,
    Json,
    Response,
)

_CODES = {
    "CONCURRENCY_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "SSS_REQUEST_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "IDEMPOTENCY_ERROR": FailureClass.ALREADY_SUBMITTED,
    "RCRD_HAS_BEEN_CHANGED": FailureClass.STALE,
    "INVALID_LOGIN": FailureClass.AUTH_REFRESH,
    "INVALID_LOGIN_ATTEMPT": FailureClass.AUTH_REFRESH,
    "INSUFFICIENT_PERMISSION": FailureClass.PERMANENT_CONFIG,
    "INVALID_KEY_OR_REF": FailureClass.MISSING_DEPENDENCY,
    "NONEXISTENT_ID": FailureClass.MISSING_DEPENDENCY,
    "DUP_ENTITY": FailureClass.CONFLICT_REVIEW,
    "DUP_RCRD": FailureClass.CONFLICT_REVIEW,
    "UNEXPECTED_ERROR": FailureClass.TRANSIENT,
    "RECORD_LOCKED": FailureClass.TRANSIENT,
}
# USER_ERROR is a catch-all: only its text tells.
_USER_ERRORS = (
    ("already exists", FailureClass.CONFLICT_REVIEW),
    ("locked by a user defined workflow", FailureClass.BUSINESS_BLOCK),
    ("period is closed", FailureClass.BUSINESS_BLOCK),
    ("invalid reference key", FailureClass.MISSING_DEPENDENCY),
)
_PAUSE = 5.0  # concurrency governance names no time: a short wait is enough


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    details = body.get("o:errorDetails") if isinstance(body, dict) else None
    first: Mapping[str, Any] = details[0] if isinstance(details, list) and details else {}
    code = str(first.get("o:errorCode") or f"HTTP_{answer.status}")
    message = str(first.get("detail") or (body.get("title", "") if isinstance(body, dict) else ""))
    cls = _CODES.get(code, class_of_status(answer.status))
    if code == "USER_ERROR":
        lowered = message.lower()
        cls = next((known for text, known in _USER_ERRORS if text in lowered), FailureClass.PERMANENT)
    failure = failure_of_response(answer, cls, code, message, field=first.get("o:errorPath"))
    if cls is FailureClass.RATE_LIMITED and failure.retry_after is None:
        return replace(failure, retry_after=_PAUSE)
    return failure


def sql_text(value: str) -> str:
    """Return a SuiteQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def column(name: str) -> str:
    return name.split(".", 1)[0].lower()


def change(row: Json, columns: Mapping[str, str], flags: frozenset[str]) -> Change:
    values: Json = {}
    for column, name in columns.items():
        head, _, tail = name.partition(".")
        value = row.get(column)
        value = value == "T" if head in flags and value is not None else value
        values[head] = {tail: value} if tail and value is not None else value
    return Change(str(row["id"]), row.get("lastmodifieddate"), values, ext_id=row.get("externalid"))


def catalog_object(name: str, schema: Mapping[str, Any]) -> CatalogObject:
    required = set(schema.get("required", ()))
    fields = tuple(
        CatalogField(
            name=field,
            type=str(spec.get("format") or spec.get("type", "string")),
            required=field in required,
            max_length=spec.get("maxLength"),
            writable=not spec.get("readOnly", False),
            external_id=field == "externalId",
        )
        for field, spec in schema.get("properties", {}).items()
    )
    return CatalogObject(name, str(schema.get("title", name)), fields)
