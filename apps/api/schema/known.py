"""Component schemas of what targets knew, and of redirects."""

from collections.abc import Mapping

from apps.api.schema.values import ANYTHING, ID, MAYBE_TIME, TIME, Schema, listed, ref, shape, text

_STATES = ["in_step", "in_flight", "due", "waiting", "backing_off", "parked", "held", "no_lane"]
_FIELD: Mapping[str, Schema] = {
    "field": text(description="The target's own name."),
    "attribute": text(description="The hub's attribute it is made of; empty for a constant."),
    "desired": {**ANYTHING, "description": "By the newest approved version."},
    "acknowledged": {**ANYTHING, "description": "As last written there."},
    "observed": {**ANYTHING, "description": "As last seen there."},
    "differs": {
        "enum": ["", "pending", "drifted", "hidden"],
        "description": "pending: desired is not acknowledged; drifted: observed is not desired; hidden: masked.",
    },
    "masked": {"type": "boolean"},
}
_LEDGER: Mapping[str, Schema] = {
    "connection": text(description="Code of the target."),
    "label": text(),
    "mapping": text(),
    "mapping_version": text(),
    "mode": {"enum": ["state", "event"]},
    "object": text(),
    "state": {"enum": _STATES},
    "note": text(),
    "external_id": text(),
    "native_id": text(),
    "last_seq": {"type": "integer", "description": "Newest version to deliver."},
    "done_seq": {"type": "integer", "description": "Version the target holds."},
    "acknowledged_at": MAYBE_TIME,
    "observed": {
        "enum": ["", "there", "absent", "outdated"],
        "description": "Empty: never looked; outdated: something was delivered since.",
    },
    "observed_at": MAYBE_TIME,
    "deactivating": {"type": "boolean"},
    "fields": listed(ref("LedgerField")),
}


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
        "LedgerField": shape(_FIELD),
        "TargetLedger": shape(_LEDGER),
        "Ledger": shape({"results": listed(ref("TargetLedger"))}),
        "Redirect": shape(step),
        "Redirects": shape({"survivor": ID, "results": listed(ref("Redirect"))}),
    }
