"""How HubSpot says things: error categories, moments, places of its API, its description of objects."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.contracts import (
    CallContext,
    CatalogField,
    CatalogObject,
    Change,
    Cursor,
    Failure,
    FailureClass,
    Json,
    Outcome,
    Response,
)

MODIFIED = "hs_lastmodifieddate"
_CATEGORIES = {
    "VALIDATION_ERROR": FailureClass.PERMANENT,
    "CONFLICT": FailureClass.CONFLICT_REVIEW,
    "MISSING_SCOPES": FailureClass.PERMANENT_CONFIG,
    "BANNED": FailureClass.PERMANENT_CONFIG,
    "EXPIRED_AUTHENTICATION": FailureClass.AUTH_REFRESH,
    "INVALID_AUTHENTICATION": FailureClass.AUTH_REFRESH,
    "OBJECT_NOT_FOUND": FailureClass.MISSING_DEPENDENCY,
    "RATE_LIMITS": FailureClass.RATE_LIMITED,
    "MIGRATION_IN_PROGRESS": FailureClass.TRANSIENT,
}
_WAITS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_PORTAL_MOVES = 477  # the account is moving between data centres


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    if answer.status == 207:
        return failure_of_response(answer, FailureClass.PER_RECORD, "PARTIAL", "some of the records failed")
    body = answer.json()
    body = body if isinstance(body, dict) else {}
    category, policy = str(body.get("category", "")), str(body.get("policyName", ""))
    message = str(body.get("message", ""))
    cls = _CATEGORIES.get(category, class_of_status(answer.status))
    if answer.status == _PORTAL_MOVES:
        cls = FailureClass.TRANSIENT
    elif cls is FailureClass.RATE_LIMITED and policy == "DAILY":
        cls = FailureClass.QUOTA_EXHAUSTED
    elif cls is FailureClass.PERMANENT and "pipeline rule" in message.lower():
        cls = FailureClass.BUSINESS_BLOCK
    failure = failure_of_response(answer, cls, policy or category or f"HTTP_{answer.status}", message)
    if cls is not FailureClass.RATE_LIMITED or failure.retry_after is not None:
        return failure
    interval = answer.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    return replace(
        failure, retry_after=float(interval) / 1000 if interval.isdigit() else _WAITS.get(policy, 10.0)
    )


def path_of(obj: str) -> str:
    return f"crm/v3/objects/{quote(obj)}"


def next_of(body: Json) -> str | None:
    found = ((body.get("paging") or {}).get("next") or {}).get("after")
    return str(found) if found is not None else None


def written(row: Json) -> Outcome:
    return Outcome("created" if row.get("new") else "updated", str(row.get("id", "")), row.get("updatedAt"))


def milliseconds(version: str | None) -> int:
    moment = datetime.fromisoformat((version or "1970-01-01T00:00:00Z").replace("Z", "+00:00"))
    return round(moment.astimezone(UTC).timestamp() * 1000)


def following(cursor: Cursor | None, changes: Sequence[Change], known: set[str]) -> Cursor | None:
    if not changes:
        return cursor
    last = milliseconds(changes[-1].version)
    same = {change.native_id for change in changes if milliseconds(change.version) == last}
    if cursor and cursor.value.partition("|")[0] == str(last):
        same |= known
    return Cursor(f"{last}|{','.join(sorted(same))}")


def catalog_object(name: str, rows: Sequence[Json], schema: Mapping[str, Any]) -> CatalogObject:
    """Return an object from its properties and its schema; associations count as fields."""
    required = set(schema.get("requiredProperties", ()))
    fields = tuple(
        CatalogField(
            name=row["name"],
            type=str(row.get("type", "string")),
            required=row["name"] in required,
            max_length=65536 if row.get("type", "string") == "string" else None,
            writable=not (row.get("modificationMetadata") or {}).get("readOnlyValue", False),
            external_id=bool(row.get("hasUniqueValue")),
        )
        for row in rows
    )
    parents = tuple(
        CatalogField(obj, "association", reference_to=(obj,)) for obj in ("companies", "deals", "projects")
    )
    return CatalogObject(name, name, fields + parents)
