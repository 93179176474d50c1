"""Component schemas of explanations, review pairs and decisions: explanations straight from what the selectors give."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from apps.api.schema.values import (
    ID,
    MAYBE_ID,
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
from apps.matching.models import PairStatus, Verdict
from apps.matching.selectors import ClusterExplanation, RecordsExplanation

_NAMES = {
    "RecordsExplanation": "Explanation",
    "PairExplanation": "PairExplained",
    "ClusterExplanation": "GoldenExplained",
    "AttributeTold": "AttributeExplained",
    "AlternativeTold": "AlternativeExplained",
    "RecordTold": "RecordExplained",
    "SideTold": "SideExplained",
    "PassTold": "PassExplained",
    "KeyTold": "KeyExplained",
    "ConflictTold": "ConflictExplained",
    "DecisionTold": "DecisionExplained",
    "StoredPair": "PairStored",
    "MemberTold": "MemberExplained",
    "EdgeTold": "LinkExplained",
    "PairLine": "PairInShort",
    "Reason": "ReasonExplained",
}
ADDED: Mapping[str, Mapping[str, Schema]] = {
    "AttributeTold": {
        "kind": {"enum": ["equal", "near", "partly", "different", "missing", "masked"]},
    },
    "PairExplanation": {
        "compared": {
            "type": "boolean",
            "description": "A blocking key you may know of brings the two together.",
        },
    },
}
"""Members that answers have besides the fields: what the dataclass works out."""
_SIMPLE: Mapping[Any, Schema] = {
    UUID: ID,
    str: text(),
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: TIME,
}


def matching_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    found: dict[str, Schema] = {}
    for kind in (RecordsExplanation, ClusterExplanation):
        _add(kind, found)
    reason = text(2000, description="Kept with the decision.")
    found |= {
        "ReviewPair": _review_pair(),
        "ReviewPairs": page(ref("ReviewPair")),
        "PairAnswer": {
            **closed({"verdict": {"enum": list(Verdict.values)}, "reason": reason}),
            "required": ["verdict"],
        },
        "PairAnswered": shape(
            {
                "pair": ref("ReviewPair"),
                "record_id": {**MAYBE_ID, "description": "The surviving golden id of a merge."},
            }
        ),
        "PairDecision": _decision(),
        "PairDecisions": page(ref("PairDecision")),
        "Withdrawal": closed({"reason": {**reason, "minLength": 1}}),
    }
    return found


def _add(kind: type[Any], found: dict[str, Schema]) -> Schema:
    """Add the component of a dataclass and of those inside; return the reference to it."""
    name = _NAMES[kind.__name__]
    if name not in found:
        found[name] = {}
        hints = get_type_hints(kind)
        properties = {each.name: _of(hints[each.name], found) for each in fields(kind)}
        about = (kind.__doc__ or "").split("\n")[0]
        found[name] = shape({**properties, **ADDED.get(kind.__name__, {})}, description=about)
    return ref(name)


def _of(hint: Any, found: dict[str, Schema]) -> Schema:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return _add(hint, found)
    if get_origin(hint) is tuple:
        return listed(_of(get_args(hint)[0], found))
    if get_origin(hint) in (Union, UnionType):
        [inner] = [each for each in get_args(hint) if each is not type(None)]
        schema = _of(inner, found)
        if "$ref" in schema:
            return {"oneOf": [schema, {"type": "null"}]}
        return {**schema, "type": [schema["type"], "null"]}
    raise TypeError(f"no schema for {hint}")


def _review_pair() -> Schema:
    side = shape({"id": ID, "system": text(), "key": text(), "record_id": MAYBE_ID})
    number = {
        "type": ["number", "null"],
        "description": "Null where personal attributes are compared and masked.",
    }
    return shape(
        {
            "id": ID,
            "entity": text(),
            "left": side,
            "right": side,
            "status": {"enum": list(PairStatus.values)},
            "probability": number,
            "weight": number,
            "worth": {
                "type": ["number", "null"],
                "description": "Doubt times what hangs on the records; null: not rated yet, or masked.",
            },
            "stakes": {"type": ["object", "null"], "description": "What the worth comes from."},
            "rule_version": {"type": "integer"},
            "found_at": TIME,
            "decided_by": text(),
            "decided_at": MAYBE_TIME,
            "reason": text(),
            "pattern": {**MAYBE_ID, "description": "The decision on a whole pattern that answered it."},
        }
    )


def _decision() -> Schema:
    return shape(
        {
            "id": ID,
            "verdict": {"enum": list(Verdict.values)},
            "left": text(description="system:key"),
            "right": text(description="system:key"),
            "reason": text(),
            "decided_by": text(),
            "decided_at": TIME,
            "withdrawn_at": MAYBE_TIME,
            "rule_version": nullable("integer"),
            "pattern": MAYBE_ID,
        }
    )
