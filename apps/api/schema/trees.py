"""Component schemas of trees."""

from collections.abc import Mapping

from apps.api.schema.values import (
    DECIMAL,
    ID,
    MAYBE_ID,
    MAYBE_TEXT,
    MAYBE_TIME,
    Schema,
    listed,
    ref,
    shape,
    text,
)


def tree_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    sums: Schema = {
        "type": "object",
        "description": "By measure, by currency.",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": DECIMAL},
        },
    }
    node = {
        "id": ID,
        "code": text(),
        "title": MAYBE_TEXT,
        "status": text(description="State in its life."),
        "parent": MAYBE_ID,
        "depth": {"type": "integer", "minimum": 0},
        "own": sums,
        "total": sums,
    }
    tree = {
        "entity": text(),
        "kind": text(),
        "on": text(format="date"),
        "as_of": MAYBE_TIME,
        "root": {**ID, "description": "The ultimate parent."},
        "cut": {"type": "boolean"},
        "nodes": listed(ref("TreeNode")),
    }
    return {"TreeNode": shape(node), "Tree": shape(tree)}
