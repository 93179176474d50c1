"""Component schemas that do not depend on an entity."""

from collections.abc import Mapping
from typing import Any

from apps.api.schema.values import (
    ANYTHING,
    COUNT,
    ID,
    MAYBE_ID,
    MAYBE_TEXT,
    MAYBE_TIME,
    TIME,
    Schema,
    closed,
    listed,
    nullable,
    page,
    ref,
    shape,
    text,
)
from apps.api.schema.verdicts import EXPLANATION, WRITE
from apps.sources.services.loads import MAX_POSTED

_COUNTS = ("rows", "new", "changed", "unchanged", "stale", "skipped", "rejected")
_FREE: Schema = {"type": "object", "additionalProperties": True}


def _problem() -> Schema:
    error = {
        "type": "object",
        "properties": {
            "pointer": text(description="Place in the content (RFC 6901)."),
            "parameter": text(description="Query parameter."),
            "code": text(),
            "detail": text(),
        },
        "required": ["code", "detail"],
    }
    return {
        "type": "object",
        "title": "problem (RFC 9457)",
        "properties": {
            "type": text(format="uri"),
            "title": text(),
            "status": {"type": "integer"},
            "detail": text(description="What is wrong and what to do."),
            "code": text(description="Stable name for programs."),
            "instance": text(),
            "trace_id": ID,
            "errors": listed(error),
        },
        "required": ["type", "title", "status", "detail", "code", "instance", "trace_id"],
    }


def _revision() -> Schema:
    change = shape({"attribute": text(), "before": ANYTHING, "after": ANYTHING})
    return shape(
        {
            "at": TIME,
            "kind": {"enum": ["created", "updated", "requalified", "merged", "retired"]},
            "version": {"type": "integer"},
            "actor": text(description="Who."),
            "user_id": nullable("integer"),
            "reason": {**MAYBE_TEXT, "description": "Why."},
            "correlation_id": {**ID, "description": "The business transaction it belongs to."},
            "title": MAYBE_TEXT,
            "record_status": text(),
            "merged_into": MAYBE_ID,
            "quality": {"type": "integer"},
            "changes": listed(change, description="Attributes, and items of collections (null: not there)."),
        }
    )


def _member() -> Schema:
    return shape(
        {
            "id": ID,
            "system": text(),
            "role": text(),
            "key": text(),
            "method": text(description="How it joined: new, match, key, id, steward."),
            "assigned_at": TIME,
            "source_version": MAYBE_TEXT,
            "changed_at": TIME,
            "deleted": {"type": "boolean"},
            "layout": text(),
            "layout_version": {"type": "integer"},
            "values": {**_FREE, "description": "Canonical attributes as mapped."},
            "raw": {
                "type": ["object", "null"],
                "description": "The row as sent; needs the capability unmask.",
            },
        }
    )


def _origin() -> Schema:
    return shape(
        {
            "attribute": text(),
            "item": {"type": ["object", "null"], "description": "Identity of the item of a collection."},
            "system": MAYBE_TEXT,
            "key": MAYBE_TEXT,
            "source_record": MAYBE_ID,
            "rule": MAYBE_TEXT,
            "by": MAYBE_TEXT,
            "reason": MAYBE_TEXT,
            "at": MAYBE_TIME,
        }
    )


def _event() -> Schema:
    return shape(
        {
            "id": ID,
            "record_id": ID,
            "entity": text(),
            "version": {"type": "integer"},
            "type": text(description="created, updated, merged, unmerged, retired, revived."),
            "changed": listed(text()),
            "actor": text(),
            "reason": text(),
            "correlation_id": ID,
            "at": TIME,
            "attributes": {**_FREE, "description": "The whole golden document after the change."},
        }
    )


def _load() -> Schema:
    properties: dict[str, Schema] = {
        "id": ID,
        "system": text(),
        "layout": text(),
        "layout_version": {"type": "integer"},
        "mode": {"enum": ["full", "patch"]},
        "origin": text(),
        "status": {"enum": ["running", "done", "failed"]},
        "error": text(),
        "actor": text(),
        "correlation_id": ID,
        "started_at": TIME,
        "finished_at": MAYBE_TIME,
        **dict.fromkeys(_COUNTS, COUNT),
    }
    return shape(properties)


def _posted() -> Schema:
    record = shape({"system": text(), "entity": text(), "key": text(), "id": MAYBE_ID})
    pipeline: Schema = {
        "type": ["object", "null"],
        "description": "What the pipeline did, when you waited for it.",
    }
    return shape(
        {
            "load": ref("Load"),
            "records": listed(
                record, description="Records this load wrote and their golden ids, when you waited."
            ),
            "pipeline": pipeline,
        }
    )


def _rejected_row() -> Schema:
    return shape(
        {
            "id": ID,
            "load": ID,
            "row_number": {"type": "integer"},
            "column": text(),
            "code": text(),
            "reason": text(description="What is wrong and what to do."),
            "raw": {
                **ANYTHING,
                "description": "The row as it came; null unless you posted it or have unmask.",
            },
            "corrected": ANYTHING,
            "status": {"enum": ["open", "replayed", "dismissed"]},
            "created_at": TIME,
            "resolved_at": MAYBE_TIME,
            "resolved_by": text(),
        }
    )


def _change_request() -> Schema:
    return shape(
        {
            "id": ID,
            "record_id": ID,
            "entity": text(),
            "group": text(),
            "before": _FREE,
            "after": _FREE,
            "masked": {"type": "boolean"},
            "status": {"enum": ["pending", "approved", "rejected", "superseded"]},
            "reason": text(),
            "requested_by": text(),
            "requested_at": TIME,
            "due_at": TIME,
            "decided_by": text(),
            "decided_at": MAYBE_TIME,
            "decision_reason": text(),
            "policy_version": {"type": "integer"},
            "correlation_id": ID,
        }
    )


def _delivery() -> Schema:
    return shape(
        {
            "connection": text(),
            "label": text(),
            "mapping": text(),
            "state": {"enum": ["in_step", "in_flight", "due", "waiting", "backing_off", "parked"]},
            "last_seq": {"type": "integer", "description": "Newest version to deliver."},
            "done_seq": {"type": "integer", "description": "Version the target holds."},
            "next_at": TIME,
            "attempts": COUNT,
            "code": text(),
            "note": text(),
            "object": text(),
            "external_id": text(),
            "native_id": text(),
            "last_seen": MAYBE_TIME,
            "deactivated": {"type": "boolean"},
        }
    )


def _records() -> Schema:
    return closed(
        {
            "layout": text(
                100, minLength=1, description="Name of an active layout, e.g. salesforce.account."
            ),
            "mode": {
                "enum": ["full", "patch"],
                "description": "full: a record says all its layout maps; patch: absent attributes stay.",
            },
            "records": listed(
                _FREE, minItems=1, maxItems=MAX_POSTED, description="Rows as the system has them."
            ),
        }
    )


def shared_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    reason = text(2000, description="Kept in the history.")
    return {
        "OpenApi": {**_FREE, "description": "OpenAPI 3.1."},
        "Problem": _problem(),
        "Revision": _revision(),
        "History": page(ref("Revision")),
        "Member": _member(),
        "Members": page(ref("Member")),
        "Origin": _origin(),
        "Provenance": shape({"results": listed(ref("Origin")), "explained": listed(ref("ValueExplanation"))}),
        "ValueExplanation": EXPLANATION,
        "Writes": shape({"results": listed(WRITE)}),
        "ChangeEvent": _event(),
        "Changes": shape(
            {
                "results": listed(ref("ChangeEvent")),
                "next": text(description="Ask with this next time, also when nothing new came."),
                "more": {"type": "boolean", "description": "More wait already."},
            }
        ),
        "Load": _load(),
        "Loads": page(ref("Load")),
        "Records": _records(),
        "Posted": _posted(),
        "RejectedRow": _rejected_row(),
        "RejectedRows": page(ref("RejectedRow")),
        "Correction": _optional(
            {
                "corrected": {
                    "type": ["object", "null"],
                    "description": "The row as it should be; null: as it came.",
                }
            }
        ),
        "Replayed": shape({"row": ref("RejectedRow"), **dict.fromkeys(_COUNTS, COUNT)}),
        "ChangeRequest": _change_request(),
        "ChangeRequests": page(ref("ChangeRequest")),
        "Approval": _optional({"reason": reason}),
        "Rejection": closed({"reason": {**reason, "minLength": 1}}),
        "Delivery": _delivery(),
        "Deliveries": shape({"results": listed(ref("Delivery"))}),
    }


def _optional(properties: Mapping[str, Any]) -> Schema:
    return {**closed(properties), "required": []}
