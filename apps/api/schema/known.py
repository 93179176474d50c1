"""Component schemas of what targets knew, and of redirects."""

from collections.abc import Mapping

from apps.api.schema.values import ID, TIME, Schema, listed, ref, shape, text


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
    step = {
        "id": ID,
        "merged_into": ID,
        "at": TIME,
        "method": text(description="By which rule, or steward."),
        "actor": text(),
        "reason": text(),
    }
    return {
        "TargetKnowledge": shape(known),
        "Known": shape({"results": listed(ref("TargetKnowledge"))}),
        "Redirect": shape(step),
        "Redirects": shape({"survivor": ID, "results": listed(ref("Redirect"))}),
    }
