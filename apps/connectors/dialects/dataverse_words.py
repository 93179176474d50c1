"""How Dataverse says things: error codes, literals, names of tables, its metadata."""

from collections.abc import Mapping
from typing import Any

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.contracts import (
    CallContext,
    CatalogField,
    CatalogObject,
    Failure,
    FailureClass,
    Json,
    Response,
)

EXPIRED = "0x80044352"  # the delta token is older than the organisation keeps changes
_CODES = {
    "0x80072321": FailureClass.RATE_LIMITED,
    "0x80072322": FailureClass.RATE_LIMITED,
    "0x80072326": FailureClass.RATE_LIMITED,
    "0x80060882": FailureClass.STALE,
    "0x80040237": FailureClass.CONFLICT_REVIEW,
    "0x80040333": FailureClass.CONFLICT_REVIEW,
    "0x80060892": FailureClass.CONFLICT_REVIEW,
    "0x80060891": FailureClass.MISSING_DEPENDENCY,
    "0x80040217": FailureClass.MISSING_DEPENDENCY,
    "0x80048d19": FailureClass.PERMANENT,
    "0x80040220": FailureClass.PERMANENT_CONFIG,
    "0x80040265": FailureClass.BUSINESS_BLOCK,
    "0x80044150": FailureClass.TRANSIENT,
    "0x80044151": FailureClass.TRANSIENT,
}
METADATA = (
    "Attributes($select=LogicalName,AttributeType,RequiredLevel,IsValidForUpdate),"
    "Keys($select=KeyAttributes,EntityKeyIndexStatus),"
    "ManyToOneRelationships($select=ReferencingEntityNavigationPropertyName,ReferencedEntity)"
)
STRINGS = "Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata"
_PRIMARY_ENDINGS = (("ies", "y"), ("s", ""))


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or f"HTTP_{answer.status}")
    cls = _CODES.get(code.lower(), class_of_status(answer.status))
    return failure_of_response(answer, cls, code, str(error.get("message", "")))


def odata_text(value: str) -> str:
    """Return an OData string literal."""
    return "'" + value.replace("'", "''") + "'"


def logical_name(entity_set: str) -> str:
    for ending, instead in _PRIMARY_ENDINGS:
        if entity_set.endswith(ending):
            return entity_set.removesuffix(ending) + instead
    return entity_set


def catalog_object(name: str, described: Json, lengths: Mapping[str, Any]) -> CatalogObject:
    active = {
        attribute
        for key in described.get("Keys", [])
        if key.get("EntityKeyIndexStatus") == "Active" and len(key.get("KeyAttributes", [])) == 1
        for attribute in key["KeyAttributes"]
    }
    fields = tuple(
        CatalogField(
            name=row["LogicalName"],
            type=str(row.get("AttributeType", "String")),
            required=(row.get("RequiredLevel") or {}).get("Value")
            in ("ApplicationRequired", "SystemRequired"),
            max_length=lengths.get(row["LogicalName"]),
            writable=bool(row.get("IsValidForUpdate", True)),
            external_id=row["LogicalName"] in active,
        )
        for row in described.get("Attributes", [])
    )
    own = {field.name for field in fields}
    relations = tuple(
        CatalogField(
            name=row["ReferencingEntityNavigationPropertyName"],
            type="relation",
            reference_to=(row["ReferencedEntity"],),
        )
        for row in described.get("ManyToOneRelationships", [])
        if row["ReferencingEntityNavigationPropertyName"] not in own
    )
    return CatalogObject(name, str(described.get("LogicalName", name)), fields + relations)
