"""Component schemas of what targets knew."""

from collections.abc import Mapping

from apps.api.schema.values import TIME, Schema, listed, ref, shape, text


def known_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    known = {
        "connection": text(description="Code of the target."),
        "label": text(),
        "seq": {"type": "integer", "description": "Golden version it had acknowledged."},
        "op": {"enum": ["upsert", "deactivate"]},
        "outcome": text(),
        "acknowledged_at": TIME,
        "mapping": text(),
        "mapping_version": text(),
        "fields": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "Fields as they were sent, by the target's names; null where they are not kept.",
        },
    }
    return {"TargetKnowledge": shape(known), "Known": shape({"results": listed(ref("TargetKnowledge"))})}
