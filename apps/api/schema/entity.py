"""Component schemas of one entity, all from its spec."""

from collections.abc import Mapping

from apps.api.operations import pascal
from apps.api.schema.values import (
    ANYTHING,
    COUNT,
    ID,
    MAYBE_ID,
    TIME,
    Schema,
    closed,
    item_name,
    listed,
    nullable,
    page,
    ref,
    shape,
    text,
    value_schema,
)
from apps.golden.models import RecordStatus
from apps.golden.spec import EntitySpec

MOST_KEYS = 1_000


def entity_components(spec: EntitySpec) -> Mapping[str, Schema]:
    """Return the schemas of an entity by component name."""
    name = pascal(spec.name)
    items = {
        item_name(spec, each): shape({column.name: value_schema(column) for column in each.columns})
        for each in spec.collections
    }
    attributes: dict[str, Schema] = {each.name: value_schema(each) for each in spec.attributes}
    for each in spec.collections:
        attributes[each.name] = listed(ref(item_name(spec, each)), title=each.title)
    score = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        **items,
        f"{name}Attributes": shape(attributes),
        name: _record(spec, name),
        f"{name}Page": page(ref(name)),
        f"{name}Keys": _keys(),
        f"{name}LookupResult": shape(
            {
                "results": listed(
                    {"oneOf": [ref(name), {"type": "null"}]},
                    description="One entry per key asked, in the same order; null where nothing was found.",
                ),
                "found": COUNT,
            }
        ),
        f"{name}Values": _values(spec),
        f"{name}Matches": shape(
            {
                "results": listed(_match(ref(name))),
                "ignored": listed(text(), description="Personal paths left out because of your role."),
            }
        ),
        f"{name}Found": shape({"results": listed(shape({"score": score, "record": ref(name)}))}),
    }


def _record(spec: EntitySpec, name: str) -> Schema:
    return shape(
        {
            "id": {**ID, "description": "Golden id, for ever."},
            "entity": {"const": spec.name},
            "code": text(40),
            "title": nullable("string"),
            "record_status": {"enum": [each.value for each in RecordStatus]},
            "version": {"type": "integer", "minimum": 1, "description": "Grows with each change of a value."},
            "quality": {"type": "integer", "minimum": 0, "maximum": 100},
            "created_at": TIME,
            "updated_at": TIME,
            "redirected_from": {
                **MAYBE_ID,
                "description": "The id that was asked for, when it was merged away.",
            },
            "masked": listed(
                text(), description="Paths of personal attributes that are null because of your role."
            ),
            "attributes": ref(f"{name}Attributes"),
        },
        title=spec.label,
    )


def _keys() -> Schema:
    by_key = closed({"system": text(40, minLength=1), "key": text(200, minLength=1)})
    return closed(
        {
            "keys": listed(
                {"oneOf": [by_key, closed({"id": ID})]}, minItems=1, maxItems=MOST_KEYS,
                description="Source keys and golden ids, mixed as you like.",
            )
        }
    )  # fmt: skip


def _values(spec: EntitySpec) -> Schema:
    scalar = {"type": ["string", "number", "boolean", "null"]}
    properties: dict[str, Schema] = {each.name: {**scalar, "title": each.title} for each in spec.attributes}
    for each in spec.collections:
        columns = {column.name: scalar for column in each.columns}
        properties[each.name] = listed(
            {"type": "object", "properties": columns, "additionalProperties": False}, maxItems=100
        )
    attributes = {
        "type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1,
        "description": "What is known of the record, as anyone would type it.",
    }  # fmt: skip
    return {
        "type": "object",
        "properties": {
            "attributes": attributes,
            "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
            "thorough": {"type": "boolean", "default": False, "description": "Search wider; takes longer."},
        },
        "required": ["attributes"],
        "additionalProperties": False,
    }


def _match(record: Schema) -> Schema:
    return shape(
        {
            "record_id": ID,
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
            "weight": {"type": "number", "description": "Bits of evidence for a match."},
            "band": {"enum": ["MATCH", "REVIEW", "NO_MATCH"]},
            "evidence": listed(
                {
                    "type": "object",
                    "properties": {
                        "attribute": text(),
                        "left": {**ANYTHING, "description": "Values compared; null where masked."},
                        "right": ANYTHING,
                        "level": {"type": "integer"},
                        "weight": {"type": "number"},
                    },
                }
            ),
            "record": record,
        }
    )
