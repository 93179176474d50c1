"""JSON Schemas of the two kinds of mapping document; errors quote their descriptions."""

from typing import Any

_NAME = {
    "type": "string",
    "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$",
    "description": "system.object in lower case",
}
_WORD = {
    "type": "string",
    "pattern": r"^[a-z][a-z0-9_]*$",
    "description": "a name in lower case, such as legal_name",
}
_STEPS = {"type": "array", "items": {"type": ["string", "object"]}, "description": "a list of transforms"}
_CONDITION = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "description": "one condition, e.g. {eq: [path, value]}",
}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}

_VALUE: dict[str, Any] = {
    "description": "a path, or an object with from, const, concat or case",
    "anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/expression"}],
}
_EXPRESSION: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "from": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/value"}},
            ]
        },
        "const": _SCALAR,
        "concat": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/value"}},
        "sep": {"type": "string"},
        "strict": {"type": "boolean"},
        "case": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "when": _CONDITION,
                    "then": {"$ref": "#/$defs/value"},
                    "else": {"$ref": "#/$defs/value"},
                },
            },
        },
        "do": _STEPS,
        "default": _SCALAR,
        "reference": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {"entity": _WORD, "system": _WORD},
        },
    },
}
_FIELDS = {"type": "object", "propertyNames": _WORD, "additionalProperties": {"$ref": "#/$defs/value"}}
_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["fields"],
    "additionalProperties": False,
    "properties": {"when": _CONDITION, "fields": _FIELDS, "each": {"$ref": "#/$defs/value"}},
}
_RECORD: dict[str, Any] = {
    "type": "object",
    "required": ["entity", "key", "fields"],
    "additionalProperties": False,
    "properties": {
        "entity": _WORD,
        "each": {"type": "string", "description": "the path of a nested list, e.g. parties[*]"},
        "when": _CONDITION,
        "key": {"$ref": "#/$defs/value"},
        "source_version": {"$ref": "#/$defs/value"},
        "deleted": _CONDITION,
        "mode": {"enum": ["record", "patch"]},
        "empty": {"enum": ["absent", "null"]},
        "collect": {"type": "array", "items": _WORD},
        "totals": {
            "type": "object",
            "propertyNames": _WORD,
            "additionalProperties": {
                "type": "string",
                "pattern": r"^\w+\.\w+$",
                "description": "collection.attribute",
            },
        },
        "fields": _FIELDS,
        "collections": {
            "type": "object",
            "propertyNames": _WORD,
            "additionalProperties": {
                "description": "a list of items, or one {each, when, fields}",
                "anyOf": [{"$ref": "#/$defs/item"}, {"type": "array", "items": {"$ref": "#/$defs/entry"}}],
            },
        },
    },
}
LAYOUT: dict[str, Any] = {
    "type": "object",
    "required": ["layout", "system", "records"],
    "additionalProperties": False,
    "properties": {
        "layout": _NAME,
        "system": _WORD,
        "files": {"type": "array", "items": {"type": "string"}, "description": "file patterns: folder/name"},
        "about": {"type": "string"},
        "empty": {"enum": ["absent", "null"]},
        "skip": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["when", "reason"],
                "additionalProperties": False,
                "properties": {"when": _CONDITION, "reason": {"type": "string", "minLength": 1}},
            },
        },
        "records": {"type": "array", "minItems": 1, "items": _RECORD},
    },
    "$defs": {
        "value": _VALUE,
        "expression": _EXPRESSION,
        "item": _ITEM,
        "entry": _FIELDS | {"minProperties": 1},
    },
}

_FIELD: dict[str, Any] = {
    "type": "object",
    "required": ["remote"],
    "additionalProperties": False,
    "properties": {
        "hub": {"type": "string", "minLength": 1},
        "const": _SCALAR,
        "remote": {"type": "string", "minLength": 1},
        "to": _STEPS,
        "from": _STEPS,
        "required": {"type": "boolean"},
        "max": {"type": "integer", "minimum": 1},
        "on_too_long": {"enum": ["fail", "truncate", "omit"]},
        "null": {"enum": ["omit", "send_null", "fail"]},
        "null_remote": {"type": "string"},
        "ref": _WORD,
        "direction": {"enum": ["push", "pull", "both"]},
        "loss": {"type": "string", "minLength": 1, "description": "what does not come back, and why"},
    },
    "oneOf": [{"required": ["hub"]}, {"required": ["const"]}],
}
_EACH: dict[str, Any] = {
    "type": "object",
    "required": ["each", "remote", "fields"],
    "additionalProperties": False,
    "properties": {
        "each": _WORD,
        "remote": {"type": "string", "minLength": 1},
        "fields": {"type": "array", "minItems": 1, "items": _FIELD},
    },
}
OUTBOUND: dict[str, Any] = {
    "type": "object",
    "required": ["mapping", "entity", "object", "key", "fields"],
    "additionalProperties": False,
    "properties": {
        "mapping": _NAME,
        "version": {"type": "integer", "minimum": 1},
        "about": {"type": "string"},
        "entity": _WORD,
        "object": {"type": "string", "minLength": 1},
        "direction": {"enum": ["pull", "push", "both"]},
        "key": {
            "type": "object",
            "required": ["hub", "remote"],
            "additionalProperties": False,
            "properties": {"hub": _WORD, "remote": {"type": "string", "minLength": 1}},
        },
        "authority": {"type": "object", "additionalProperties": {"enum": ["hub", "remote"]}},
        "match_when": _CONDITION,
        "requires": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["ref", "mapping"],
                "additionalProperties": False,
                "properties": {"ref": {"type": "string"}, "mapping": _NAME},
            },
        },
        "fields": {
            "type": "array",
            "minItems": 1,
            "items": {"if": {"required": ["each"]}, "then": _EACH, "else": _FIELD},
        },
        "deactivate": {
            "type": "object",
            "required": ["set"],
            "additionalProperties": False,
            "properties": {"set": {"type": "object", "minProperties": 1}},
        },
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hub", "remote"],
                "additionalProperties": False,
                "properties": {
                    "hub": {"type": "object"},
                    "remote": {"type": "object"},
                    "refs": {"type": "object"},
                },
            },
        },
    },
}
