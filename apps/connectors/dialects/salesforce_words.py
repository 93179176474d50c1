"""How Salesforce says things: error codes, literals, moments, its description of objects."""

import email.utils
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.contracts import (
    CallContext,
    CatalogField,
    CatalogObject,
    Failure,
    FailureClass,
    Response,
)

_CODES = {
    "UNABLE_TO_LOCK_ROW": FailureClass.TRANSIENT,
    "SERVER_UNAVAILABLE": FailureClass.TRANSIENT,
    "REQUEST_RUNNING_TOO_LONG": FailureClass.TRANSIENT,
    "QUERY_TIMEOUT": FailureClass.TRANSIENT,
    "REQUEST_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "STORAGE_LIMIT_EXCEEDED": FailureClass.PERMANENT_CONFIG,
    "INVALID_SESSION_ID": FailureClass.AUTH_REFRESH,
    "INVALID_AUTH_HEADER": FailureClass.AUTH_REFRESH,
    "DUPLICATES_DETECTED": FailureClass.CONFLICT_REVIEW,
    "DUPLICATE_VALUE": FailureClass.CONFLICT_REVIEW,
    "DUPLICATE_EXTERNAL_ID": FailureClass.CONFLICT_REVIEW,
    "INVALID_CROSS_REFERENCE_KEY": FailureClass.MISSING_DEPENDENCY,
    "ENTITY_IS_DELETED": FailureClass.CONFLICT_REVIEW,
    "ENTITY_IS_LOCKED": FailureClass.BUSINESS_BLOCK,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": FailureClass.BUSINESS_BLOCK,
    "INSUFFICIENT_ACCESS_OR_READONLY": FailureClass.PERMANENT_CONFIG,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": FailureClass.PERMANENT_CONFIG,
    "API_DISABLED_FOR_ORG": FailureClass.PERMANENT_CONFIG,
    "API_CURRENTLY_DISABLED": FailureClass.TRANSIENT,
    "REQUIRED_FIELD_MISSING": FailureClass.PERMANENT,
}
# How Salesforce says that the external id of a parent is unknown: the code alone does not tell.
_NO_PARENT = "Foreign key external ID"
_PAUSE = 300.0  # seconds to wait after the daily limit, which names no time itself


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    if answer.ok and isinstance(body, list) and any(not item.get("success", True) for item in body):
        return failure_of_response(answer, FailureClass.PER_RECORD, "PARTIAL", "some of the records failed")
    if answer.status == 300:
        return failure_of_response(
            answer, FailureClass.CONFLICT_REVIEW, "AMBIGUOUS_KEY", f"several records carry {context.ext_id}"
        )
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    code = str(first.get("errorCode") or first.get("statusCode") or f"HTTP_{answer.status}")
    fields = first.get("fields") or [None]
    cls = _CODES.get(code, class_of_status(answer.status))
    if code == "INVALID_FIELD" and str(first.get("message", "")).startswith(_NO_PARENT):
        cls = FailureClass.MISSING_DEPENDENCY
    failure = failure_of_response(answer, cls, code, str(first.get("message", "")), field=fields[0])
    return _with_pause(failure)


def _with_pause(failure: Failure) -> Failure:
    if failure.cls is not FailureClass.RATE_LIMITED or failure.retry_after is not None:
        return failure
    return replace(failure, retry_after=_PAUSE)


def soql_text(value: str) -> str:
    """Return a SOQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def http_date(version: str) -> str:
    moment = datetime.fromisoformat(version.replace("+0000", "+00:00").replace("Z", "+00:00"))
    return email.utils.format_datetime(moment.astimezone(UTC), usegmt=True)


def catalog_object(described: Mapping[str, Any]) -> CatalogObject:
    fields = tuple(
        CatalogField(
            name=field["name"],
            type=field.get("type", "string"),
            required=not field.get("nillable", True) and not field.get("defaultedOnCreate", False),
            max_length=field.get("length") or None,
            writable=bool(field.get("updateable", True)),
            external_id=bool(field.get("externalId")),
            reference_to=tuple(field.get("referenceTo", ())),
        )
        for field in described.get("fields", ())
    )
    relations = tuple(
        CatalogField(
            name=field["relationshipName"], type="relation", reference_to=tuple(field.get("referenceTo", ()))
        )
        for field in described.get("fields", ())
        if field.get("relationshipName")
    )
    return CatalogObject(described["name"], described.get("label", described["name"]), fields + relations)
