"""Schemas of explanations and of writes with their verdicts."""

from apps.api.schema.values import (
    ANYTHING,
    COUNT,
    ID,
    MAYBE_TEXT,
    MAYBE_TIME,
    TIME,
    Schema,
    listed,
    shape,
    text,
)

_VERDICT: Schema = {"enum": ["accept", "shadow", "challenge", "reject"]}
_ITEM: Schema = {"type": ["object", "null"], "description": "Identity of the item of a collection."}

_CANDIDATE = shape(
    {
        "source_record": ID,
        "system": text(),
        "key": text(),
        "value": ANYTHING,
        "wins": {"type": "boolean"},
        "verdict": _VERDICT,
        "trust": {"type": "number", "description": "0 to 100."},
        "changed_at": MAYBE_TIME,
        "lost_by": {
            "type": ["string", "null"],
            "description": "Strategy, verdict or pin; null for the winner.",
        },
        "because": text(),
        "would_win_if": listed(
            text(), description="Changes that together would let it win; none known: empty."
        ),
    }
)

EXPLANATION = shape(
    {
        "attribute": text(),
        "item": _ITEM,
        "group": text(),
        "state": text(description="Lifecycle state by which it was judged."),
        "legal_entity": MAYBE_TEXT,
        "rule": text(description="Ownership rule that holds here."),
        "owners": listed(text()),
        "ownership_version": COUNT,
        "strategies": listed(text()),
        "survivorship_version": COUNT,
        "pinned": {"type": "boolean"},
        "candidates": listed(_CANDIDATE),
    }
)

WRITE = shape(
    {
        "at": TIME,
        "writer": text(description="System, or steward for what a person gave."),
        "key": MAYBE_TEXT,
        "actor": text(),
        "group": text(),
        "legal_entity": MAYBE_TEXT,
        "verdict": _VERDICT,
        "rule": text(),
        "ownership_version": COUNT,
        "tried": {"type": "object", "additionalProperties": True},
        "flags": listed(text()),
        "current": {"type": "boolean", "description": "It is the writer's last word."},
    }
)
