"""Component schemas of exception tasks."""

from collections.abc import Mapping

from apps.api.schema.values import (
    ID,
    MAYBE_TIME,
    TIME,
    Schema,
    closed,
    listed,
    nullable,
    ref,
    shape,
    text,
)


def exception_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    reason = text(2000, description="Kept with the task and in the audit trail.")
    money = text(description="Decimal text, two places.")
    task = {
        "id": ID,
        "invariant": text(description="Name of the rule that is broken."),
        "number": {"type": "integer", "description": "In the canonical model; 0: another part of the hub."},
        "title": text(description="The rule in words."),
        "entity": text(),
        "record_id": ID,
        "key": text(description="Which item of the record, if one."),
        "severity": {"enum": ["block", "warn"]},
        "holds": {"type": "boolean", "description": "The record is not distributed while it is open."},
        "message": text(description="What is wrong."),
        "money": nullable("string", description="Decimal text, two places."),
        "currency": text(),
        "owner": text(description="The role whose turn it is."),
        "assignee": text(description="The person who sees to it."),
        "status": {"enum": ["open", "resolved", "waived"]},
        "opened_at": TIME,
        "due_at": TIME,
        "closed_at": MAYBE_TIME,
        "closed_by": text(),
        "reason": text(),
    }
    return {
        "ExceptionTask": shape(task),
        "MoneyAtRisk": shape({"currency": text(), "money": money, "tasks": {"type": "integer"}}),
        "ExceptionTasks": shape(
            {
                "results": listed(ref("ExceptionTask")),
                "at_risk": listed(ref("MoneyAtRisk")),
                "next": nullable("string", description="Cursor of the next page."),
            }
        ),
        "Waiver": closed({"reason": {**reason, "minLength": 1}}),
        "Resolution": {**closed({"reason": reason}), "required": []},
        "Assignment": closed({"assignee": text(150, description="User name; empty: nobody.")}),
    }
