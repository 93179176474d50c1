"""JSON schemas of golden values: one per kind, with formats, choices and words of the attribute."""

from collections.abc import Mapping
from typing import Any

from apps.api.operations import pascal
from apps.api.v1.lookups import singular
from apps.golden.spec import Attribute, Collection, EntitySpec, Kind

Schema = dict[str, Any]

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"
_KINDS: Mapping[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.CHOICE: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": "string", "pattern": DECIMAL},
    Kind.MONEY: {"type": "string", "pattern": DECIMAL},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
    Kind.REFERENCE: {"type": "string", "format": "uuid"},
}
_FORMATS = {"email": "email", "domain": "hostname", "url": "uri"}


def value_schema(attribute: Attribute) -> Schema:
    """Return the schema of an attribute in an answer; null stands for unknown, and for masked."""
    schema = dict(_KINDS[attribute.kind])
    schema["type"] = [schema["type"], "null"]
    if attribute.choices:
        schema["enum"] = [*attribute.choices, None]
    elif attribute.kind is Kind.TEXT:
        schema["maxLength"] = attribute.max_length
        if attribute.standardizer in _FORMATS:
            schema["x-format"] = _FORMATS[attribute.standardizer]
    schema["title"] = attribute.title
    if words := _words(attribute):
        schema["description"] = words
    if attribute.personal:
        schema["x-personal"] = True
    if attribute.references:
        schema["x-references"] = attribute.references
    return schema


def _words(attribute: Attribute) -> str:
    words = [attribute.help]
    if attribute.kind is Kind.MONEY:
        words.append("Decimal text, two places.")
    if attribute.kind is Kind.REFERENCE:
        words.append(f"Golden id of a {attribute.references}.")
    if attribute.derived:
        words.append("Derived, not stated by a system.")
    return " ".join(word for word in words if word)


def item_name(spec: EntitySpec, collection: Collection) -> str:
    return pascal(spec.name) + pascal(singular(collection.name))


def shape(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """Return the schema of an answer that has all these properties; later versions may add others."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), **more}


def closed(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """Return the schema of content that has all these properties and no others."""
    return {**shape(properties), "additionalProperties": False, **more}


def ref(component: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component}"}


def listed(schema: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": schema, **more}


def nullable(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


def text(longest: int | None = None, **more: Any) -> Schema:
    return {"type": "string", **({"maxLength": longest} if longest else {}), **more}


ID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
MAYBE_ID: Schema = {"type": ["string", "null"], "format": "uuid"}
MAYBE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
ANYTHING: Schema = {}
NEXT: Schema = {"type": ["string", "null"], "description": "Cursor of the next page; null on the last."}


def page(schema: Schema) -> Schema:
    return shape({"results": listed(schema), "next": NEXT})
