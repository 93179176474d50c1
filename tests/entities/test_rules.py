"""Rules of the canonical model that one record can answer: each passes what is right and names what is not."""

from typing import Any

import pytest

from apps.golden.registry import entity
from apps.quality.services import assess_document
from tests.entities.records import FULL

ASSIGNMENT = {
    "number": "A-1",
    "start": "2026-02-01",
    "end": "2026-03-31",
    "percent": "60",
    "status": "confirmed",
}
OTHER = {**ASSIGNMENT, "number": "A-2", "start": "2026-03-31", "end": "2026-04-30", "percent": "40.5"}
LATER = {**OTHER, "start": "2026-04-01"}
SCHEDULE = [{"seq": 1, "amount": "60.00"}, {"seq": 2, "amount": "40.00"}]
FIXED = {"contract_type": "fixed", "current_value": "100.00", "billing_schedule": SCHEDULE}
TERMS = [{"legal_entity": "DE01"}]

CASES: list[tuple[str, dict[str, Any], str, list[tuple[str, str, str]]]] = [
    ("engagement", FIXED, "schedule.sum", []),
    ("engagement", {**FIXED, "current_value": "100.01"}, "schedule.sum", []),
    (
        "engagement",
        {**FIXED, "current_value": "100.02"},
        "schedule.sum",
        [("billing_schedule", "block", "100.00")],
    ),
    ("engagement", {**FIXED, "current_value": "9.00", "contract_type": "retainer"}, "schedule.sum", []),
    ("engagement", {**FIXED, "current_value": "9.00", "billing_schedule": [{"seq": 1}]}, "schedule.sum", []),
    ("engagement", {**FIXED, "billing_schedule": []}, "schedule.sum", []),
    ("engagement", {"contract_type": "capped"}, "cap.missing", [("cap", "warn", "None")]),
    ("engagement", {"contract_type": "capped", "cap": "0.00"}, "cap.missing", []),
    (
        "project",
        {
            "milestones": [
                {"number": "1", "approved": True, "invoice_no": "I"},
                {"number": "2", "invoice_no": "J"},
            ]
        },
        "milestone.not_approved",
        [("milestones[1].approved", "block", "J")],
    ),
    ("project", {"milestones": [{"number": "2"}]}, "milestone.not_approved", []),
    ("project", {"status": "time_closed", "time_open": True}, "time.open", [("time_open", "warn", "None")]),
    ("project", {"status": "in_progress", "time_open": True}, "time.open", []),
    (
        "resource",
        {"hire_date": "2026-02-02", "assignments": [ASSIGNMENT]},
        "assignment.before_hire",
        [("assignments[0].start", "block", "2026-02-01")],
    ),
    (
        "resource",
        {"hire_date": "2026-02-01", "assignments": [ASSIGNMENT]},
        "assignment.before_hire",
        [],
    ),
    (
        "resource",
        {"term_date": "2026-03-30", "assignments": [ASSIGNMENT, {**ASSIGNMENT, "status": "cancelled"}]},
        "assignment.after_termination",
        [("assignments[0].end", "block", "2026-03-31")],
    ),
    (
        "resource",
        {"status": "terminated", "assignments": [{**ASSIGNMENT, "status": "completed"}, OTHER]},
        "assignment.open",
        [("assignments[1].status", "block", "confirmed")],
    ),
    ("resource", {"status": "active", "assignments": [OTHER]}, "assignment.open", []),
    (
        "resource",
        {"assignments": [ASSIGNMENT, OTHER]},
        "allocation.over_full",
        [("assignments", "warn", "100.5")],
    ),
    ("resource", {"assignments": [ASSIGNMENT, LATER]}, "allocation.over_full", []),
    (
        "invoice",
        {"balance": "0.00", "status": "issued"},
        "invoice.settled",
        [("status", "block", "issued")],
    ),
    ("invoice", {"balance": "0.00", "status": "credited"}, "invoice.settled", []),
    ("invoice", {"balance": "0.01", "status": "issued"}, "invoice.settled", []),
    (
        "invoice",
        {"lines": [{"number": 1, "milestone": "M1"}, {"number": 2, "period_start": "2026-01-01"}]},
        "line.unspecific",
        [("lines[1]", "info", "None")],
    ),
    (
        "customer",
        {"status": "active", "legal_entity": "FR01", "entity_terms": TERMS},
        "terms.missing",
        [("entity_terms", "warn", "FR01")],
    ),
    ("customer", {"status": "active", "legal_entity": "DE01", "entity_terms": TERMS}, "terms.missing", []),
    ("customer", {"status": "prospect", "legal_entity": "FR01"}, "terms.missing", []),
]


@pytest.mark.parametrize(("name", "document", "code", "expected"), CASES)
def test_rule(name: str, document: dict[str, Any], code: str, expected: list[tuple[str, str, str]]) -> None:
    issues = assess_document(spec=entity(name), document=document).issues

    assert [(i.attribute, i.severity, str(i.value)) for i in issues if i.code == code] == expected


@pytest.mark.parametrize("name", FULL)
def test_no_rule_objects_to_the_full_samples(name: str) -> None:
    issues = assess_document(spec=entity(name), document=FULL[name]).issues

    assert {issue.code for issue in issues} == set()
