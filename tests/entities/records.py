"""Golden rows for tests, and one full document per entity: every attribute and every child table filled."""

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.timezone import now

from apps.core.ids import derived_uuid, uuid7
from apps.golden.documents import item_model, typed_model
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity

IDS = {
    name: derived_uuid("test", name) for name in ("customer", "resource", "engagement", "project", "invoice")
}
PARENTS = {name: derived_uuid("test", "parent", name) for name in IDS}


def add_header(name: str, record_id: UUID | None = None) -> GoldenRecord:
    """Insert a golden header, without a typed row."""
    key = record_id or uuid7()
    moment = now()
    record = GoldenRecord(id=key, entity=name, code=f"T-{key}", created_at=moment, updated_at=moment)
    return GoldenRecord.objects.bulk_create([record])[0]


def add_row(entity_name: str, record_id: UUID | None = None, /, **values: Any) -> Model:
    """Insert a golden record with these columns, in its initial state."""
    spec = entity(entity_name)
    record = add_header(entity_name, record_id)
    row = typed_model(spec)(record=record, **{"status": spec.lifecycle.initial, **values})
    return typed_model(spec).objects.bulk_create([row])[0]


def add_item(
    entity_name: str, collection: str, record: GoldenRecord | None = None, /, **values: Any
) -> Model:
    """Insert one item of a child table."""
    model = item_model(entity(entity_name).collection(collection))
    row = model(id=uuid7(), record=record or add_header(entity_name), **values)
    return model.objects.bulk_create([row])[0]


FULL: dict[str, dict[str, Any]] = {
    "customer": {
        "legal_name": "Société Générale d'Ingénierie SA",
        "trade_name": "SGI",
        "number": "C-1042",
        "duns": "150483782",
        "lei": "5493001KJTIIGC8Y1R12",
        "registration_no": "552120222",
        "parent": str(PARENTS["customer"]),
        "parent_kind": "legal",
        "domain": "sgi.fr",
        "phone": "+33142143000;ext=12",
        "email": "contact@sgi.fr",
        "industry": "nace:71.12",
        "segment": "Enterprise",
        "owner": "Ana Ruiz",
        "e_invoice_id": "0009:55212022200013",
        "po_required": False,
        "screening": "cleared",
        "legal_entity": "FR01",
        "currency": "EUR",
        "status": "active",
        "tax_ids": [{"scheme": "vat", "country": "FR", "value": "FR83404833048"}],
        "alternate_names": [{"name": "SGI Conseil"}],
        "addresses": [
            {
                "kind": "bill_to",
                "site": "Paris",
                "line1": "29 boulevard Haussmann",
                "line2": "3e étage",
                "city": "Paris",
                "region": "Île-de-France",
                "postcode": "75009",
                "country": "FR",
            },
            {"kind": "registered", "line1": "1 rue de la Paix", "city": "Paris", "country": "FR"},
        ],
        "entity_terms": [
            {
                "legal_entity": "FR01",
                "currency": "EUR",
                "payment_terms": "net_30",
                "tax_profile": "FR-STANDARD",
                "credit_limit": "250000.00",
                "credit_hold": True,
                "ar_account": "411000",
            }
        ],
        "contacts": [
            {"role": "billing", "name": "Luc Martin", "email": "luc.martin@sgi.fr", "phone": "+33142143001"}
        ],
        "parents": [
            {
                "kind": "billing",
                "parent": str(PARENTS["customer"]),
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        ],
    },
    "resource": {
        "worker_id": "W-77",
        "kind": "employee",
        "name": "Mei Tanaka",
        "given_name": "Mei",
        "family_name": "Tanaka",
        "email": "mei.tanaka@firm.com",
        "phone": "+81312345678",
        "employing_entity": "JP01",
        "cost_centre": "CC-310",
        "manager": str(PARENTS["resource"]),
        "hire_date": "2021-04-01",
        "term_date": "2026-12-31",
        "location": "Tokyo",
        "role": "Consultant",
        "grade": "Senior",
        "practice": "Data",
        "region": "APAC",
        "group": "Analytics",
        "utilization_target": "82.5",
        "calendar": "Japan",
        "fte": "0.8",
        "weekly_hours": "32",
        "status": "notice",
        "skills": [{"name": "Python", "level": "expert"}],
        "cost_rates": [
            {
                "currency": "JPY",
                "amount": "9500.00",
                "unit": "hour",
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        ],
        "bill_rates": [
            {
                "currency": "JPY",
                "amount": "180000.00",
                "unit": "day",
                "valid_from": "2026-01-01",
                "valid_to": "2026-06-30",
            }
        ],
        "assignments": [
            {
                "number": "A-9",
                "project": str(IDS["project"]),
                "role": "Analyst",
                "start": "2026-02-01",
                "end": "2026-05-31",
                "hours": "320.5",
                "percent": "60",
                "rate": "22000.00",
                "currency": "JPY",
                "status": "confirmed",
            }
        ],
    },
    "engagement": {
        "contract_no": "K-2026-118",
        "name": "Grid modernisation",
        "customer": str(IDS["customer"]),
        "opportunity_ref": "006A000001",
        "master_agreement": "MSA-12",
        "signed_on": "2026-01-15",
        "po_number": "PO 4500012",
        "selling_entity": "FR01",
        "service_line": "Energy",
        "contract_type": "milestone",
        "cap": "900000.00",
        "base_value": "800000.00",
        "currency": "EUR",
        "current_value": "812500.50",
        "start": "2026-02-01",
        "end": "2026-12-31",
        "partner": str(IDS["resource"]),
        "rate_card": "Standard 2026",
        "payment_terms": "net_45",
        "rev_rec_method": "percent of completion",
        "status": "active",
        "billing_schedule": [
            {"seq": 1, "due_on": "2026-03-31", "amount": "400000.00"},
            {"seq": 2, "milestone": "M2", "amount": "412500.50"},
        ],
        "change_orders": [
            {
                "seq": 1,
                "value_delta": "12500.50",
                "end_delta": 30,
                "status": "effective",
                "effective_on": "2026-04-01",
            }
        ],
    },
    "project": {
        "project_no": "P-5001",
        "name": "Grid modernisation, phase 1",
        "engagement": str(IDS["engagement"]),
        "customer": str(IDS["customer"]),
        "parent": str(PARENTS["project"]),
        "selling_entity": "FR01",
        "delivery_entity": "JP01",
        "cost_centre": "CC-200",
        "profit_centre": "PC-20",
        "billing_type": "milestone",
        "billable": True,
        "currency": "EUR",
        "rev_rec_rule": "percent of completion",
        "manager": str(IDS["resource"]),
        "start": "2026-02-01",
        "end": "2026-06-30",
        "stage": "Delivery",
        "active": True,
        "budget_hours": "1800",
        "budget_amount": "400000.00",
        "time_open": True,
        "expense_open": False,
        "origin_key": "mdm:0001",
        "status": "in_progress",
        "milestones": [
            {
                "number": "M1",
                "name": "Design accepted",
                "target_on": "2026-03-15",
                "actual_on": "2026-03-20",
                "amount": "400000.00",
                "approved": True,
                "invoice_no": "INV-1",
            }
        ],
    },
    "invoice": {
        "invoice_no": "INV-1",
        "kind": "invoice",
        "credit_of": str(PARENTS["invoice"]),
        "bill_to": str(IDS["customer"]),
        "engagement": str(IDS["engagement"]),
        "legal_entity": "FR01",
        "currency": "EUR",
        "fx_rate": "1",
        "net": "400000.00",
        "tax": "80000.00",
        "gross": "480000.00",
        "balance": "480000.00",
        "issued_on": "2026-03-31",
        "due_on": "2026-04-30",
        "payment_terms": "net_30",
        "po_ref": "PO 4500012",
        "paid_on": "2026-05-02",
        "dunning": 1,
        "dispute": "Milestone not accepted",
        "status": "disputed",
        "lines": [
            {
                "number": 1,
                "project": str(IDS["project"]),
                "milestone": "M1",
                "period_start": "2026-02-01",
                "period_end": "2026-03-31",
                "description": "Design accepted",
                "net": "400000.00",
                "tax_code": "FR20",
            }
        ],
    },
}
