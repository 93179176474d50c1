"""Every named constraint, violated once on real PostgreSQL; the table below must name them all."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, models, transaction

from apps.golden.documents import item_model, typed_model
from apps.golden.registry import entities
from tests.entities.records import add_header, add_item, add_row

pytestmark = pytest.mark.django_db

EARLY, LATE = date(2026, 1, 1), date(2026, 1, 2)
Violation = tuple[str, Callable[[], object]]


def row(constraint: str, entity: str, /, **values: Any) -> Violation:
    return constraint, lambda: add_row(entity, **values)


def item(constraint: str, entity: str, collection: str, /, **values: Any) -> Violation:
    return constraint, lambda: add_item(entity, collection, **values)


def twice(constraint: str, entity: str, collection: str, /, **identity: Any) -> Violation:
    def violate() -> None:
        record = add_header(entity)
        add_item(entity, collection, record, **identity)
        add_item(entity, collection, record, **identity)

    return constraint, violate


def itself(constraint: str, entity: str, column: str) -> Violation:
    def violate() -> None:
        own = add_row(entity)
        typed_model(entities.get(entity)).objects.filter(pk=own.pk).update(**{column: own.pk})

    return constraint, violate


def own_place(constraint: str) -> Violation:
    def violate() -> None:
        record = add_header("customer")
        add_item("customer", "parents", record, kind="legal", parent_id=record.pk)

    return constraint, violate


VIOLATIONS: list[Violation] = [
    row("customer_status_known", "customer", status="asleep"),
    row("customer_parent_kind_known", "customer", parent_kind="spiritual"),
    row("customer_screening_known", "customer", screening="maybe"),
    row("customer_duns_format", "customer", duns="12345678"),
    row("customer_lei_format", "customer", lei="5493001KJTIIGC8Y1RAB"),
    row("customer_domain_format", "customer", domain="https://acme.com"),
    row("customer_email_format", "customer", email="nobody"),
    row("customer_phone_e164", "customer", phone="020 7946 0958"),
    row("customer_currency_iso4217", "customer", currency="eur"),
    itself("customer_parent_not_itself", "customer", "parent"),
    twice("customer_tax_id_identity", "customer", "tax_ids", scheme="vat", country="FR"),
    item("customer_tax_id_country_iso3166", "customer", "tax_ids", country="fr"),
    twice("customer_name_identity", "customer", "alternate_names", name="Acme"),
    twice("customer_address_identity", "customer", "addresses", kind="bill_to"),
    item("customer_address_kind_known", "customer", "addresses", kind="holiday"),
    item("customer_address_country_iso3166", "customer", "addresses", country="F1"),
    twice("customer_terms_identity", "customer", "entity_terms", legal_entity="FR01"),
    item("customer_terms_currency_iso4217", "customer", "entity_terms", currency="EU"),
    item(
        "customer_terms_credit_limit_not_negative", "customer", "entity_terms", credit_limit=Decimal("-0.01")
    ),
    twice("customer_contact_identity", "customer", "contacts", role="billing", email="a@b.fr"),
    item("customer_contact_role_known", "customer", "contacts", role="friend"),
    item("customer_contact_email_format", "customer", "contacts", email="a@b@c"),
    item("customer_contact_phone_e164", "customer", "contacts", phone="+0123456"),
    twice("customer_place_identity", "customer", "parents", kind="legal"),
    item("customer_place_kind_known", "customer", "parents", kind="spiritual"),
    item("customer_place_days_in_order", "customer", "parents", valid_from=LATE, valid_to=EARLY),
    own_place("customer_place_not_itself"),
    row("resource_status_known", "resource", status="asleep"),
    row("resource_kind_known", "resource", kind="robot"),
    row("resource_email_format", "resource", email="a b@c.de"),
    row("resource_phone_e164", "resource", phone="+12345678901234567"),
    itself("resource_manager_not_itself", "resource", "manager"),
    row("resource_employment_in_order", "resource", hire_date=LATE, term_date=EARLY),
    row("resource_utilization_target_percent", "resource", utilization_target=Decimal("100.000001")),
    row("resource_fte_not_negative", "resource", fte=Decimal("-0.5")),
    row("resource_weekly_hours_of_a_week", "resource", weekly_hours=Decimal(169)),
    twice("resource_skill_identity", "resource", "skills", name="Python"),
    twice(
        "resource_cost_rate_identity", "resource", "cost_rates", currency="EUR", unit="day", valid_from=EARLY
    ),
    item("resource_cost_rate_unit_known", "resource", "cost_rates", unit="minute"),
    item("resource_cost_rate_currency_iso4217", "resource", "cost_rates", currency="€"),
    item("resource_cost_rate_amount_not_negative", "resource", "cost_rates", amount=Decimal("-0.01")),
    item("resource_cost_rate_period_in_order", "resource", "cost_rates", valid_from=LATE, valid_to=EARLY),
    twice(
        "resource_bill_rate_identity", "resource", "bill_rates", currency="EUR", unit="day", valid_from=EARLY
    ),
    item("resource_bill_rate_unit_known", "resource", "bill_rates", unit="minute"),
    item("resource_bill_rate_currency_iso4217", "resource", "bill_rates", currency="€"),
    item("resource_bill_rate_amount_not_negative", "resource", "bill_rates", amount=Decimal("-0.01")),
    item("resource_bill_rate_period_in_order", "resource", "bill_rates", valid_from=LATE, valid_to=EARLY),
    twice("resource_assignment_identity", "resource", "assignments", number="A-1"),
    item("resource_assignment_status_known", "resource", "assignments", status="perhaps"),
    item("resource_assignment_period_in_order", "resource", "assignments", start=LATE, end=EARLY),
    item("resource_assignment_hours_not_negative", "resource", "assignments", hours=Decimal(-1)),
    item("resource_assignment_percent_not_negative", "resource", "assignments", percent=Decimal(-1)),
    item("resource_assignment_currency_iso4217", "resource", "assignments", currency="euro"[:3]),
    row("engagement_status_known", "engagement", status="asleep"),
    row("engagement_contract_type_known", "engagement", contract_type="barter"),
    row("engagement_cap_not_negative", "engagement", cap=Decimal("-0.01")),
    row("engagement_currency_iso4217", "engagement", currency="US$"),
    row("engagement_dates_in_order", "engagement", start=LATE, end=EARLY),
    twice("engagement_billing_seq_unique", "engagement", "billing_schedule", seq=1),
    twice("engagement_change_seq_unique", "engagement", "change_orders", seq=1),
    item("engagement_change_status_known", "engagement", "change_orders", status="perhaps"),
    row("project_status_known", "project", status="asleep"),
    row("project_billing_type_known", "project", billing_type="barter"),
    itself("project_parent_not_itself", "project", "parent"),
    row("project_dates_in_order", "project", start=LATE, end=EARLY),
    row("project_currency_iso4217", "project", currency="US"),
    row("project_budget_hours_not_negative", "project", budget_hours=Decimal(-1)),
    row("project_budget_amount_not_negative", "project", budget_amount=Decimal(-1)),
    twice("project_milestone_identity", "project", "milestones", number="M1"),
    row("invoice_status_known", "invoice", status="asleep"),
    row("invoice_kind_known", "invoice", kind="poem"),
    row("invoice_currency_iso4217", "invoice", currency="12A"),
    itself("invoice_credit_of_not_itself", "invoice", "credit_of"),
    twice("invoice_line_number_unique", "invoice", "lines", number=1),
    row("vehicle_status_known", "vehicle", status="asleep"),
    row("vehicle_fuel_known", "vehicle", fuel="wood"),
    twice("vehicle_trip_identity", "vehicle", "trips", number=1),
]


def entity_models() -> list[type[models.Model]]:
    specs = list(entities.values())
    return [typed_model(s) for s in specs] + [item_model(c) for s in specs for c in s.collections]


def broken_constraint(error: pytest.ExceptionInfo[IntegrityError]) -> str:
    cause = error.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.diag.constraint_name)


@pytest.mark.parametrize(("constraint", "violate"), VIOLATIONS, ids=[name for name, _ in VIOLATIONS])
def test_the_database_refuses(constraint: str, violate: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        violate()

    assert broken_constraint(error) == constraint


def test_every_named_constraint_is_violated_above() -> None:
    declared = [constraint.name for model in entity_models() for constraint in model._meta.constraints]

    assert sorted(declared) == sorted(name for name, _ in VIOLATIONS)


def test_identity_holds_where_columns_are_absent() -> None:
    record = add_header("customer")
    add_item("customer", "contacts", record, role="billing")

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        add_item("customer", "contacts", record, role="billing")

    assert broken_constraint(error) == "customer_contact_identity"


@pytest.mark.parametrize("entity", ["customer", "resource", "engagement", "project", "invoice", "vehicle"])
def test_a_row_may_lack_everything_but_its_state(entity: str) -> None:
    add_row(entity)
    for collection in entities.get(entity).collections:
        add_item(entity, collection.name)
    connection.check_constraints()

    with pytest.raises(IntegrityError), transaction.atomic():
        add_row(entity, status=None)


def test_an_invoice_that_does_not_add_up_is_kept() -> None:
    figures = {"net": Decimal("100.00"), "tax": Decimal("20.00"), "gross": Decimal("999.99")}

    kept = add_row("invoice", **figures, balance=Decimal("-5.00"), issued_on=LATE, due_on=EARLY)

    kept.refresh_from_db()
    assert {name: getattr(kept, name) for name in figures} == figures


@pytest.mark.parametrize(
    ("phone", "domain", "email"),
    [
        ("+442079460958", "acme.co.uk", "sales@acme.co.uk"),
        ("+442079460958;ext=12", "xn--bcher-kva.de", "o'brien+x@xn--bcher-kva.de"),
        (None, None, None),
    ],
)
def test_good_formats_pass(phone: str | None, domain: str | None, email: str | None) -> None:
    add_row("customer", phone=phone, domain=domain, email=email, lei="5493001KJTIIGC8Y1R12", duns="012345678")


def test_a_reference_to_nothing_is_refused_at_commit() -> None:
    def violate() -> None:
        add_row("engagement", customer_id=add_header("customer").pk)
        connection.check_constraints()

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        violate()

    assert "_customer_id_" in broken_constraint(error)


def test_children_may_be_written_before_their_parents_in_one_transaction() -> None:
    header = add_header("customer")
    child = add_row("engagement", customer_id=header.pk)
    model = typed_model(entities.get("customer"))
    model.objects.bulk_create([model(record=header, status="prospect")])
    connection.check_constraints()

    assert model.objects.get(engagements=child.pk).pk == header.pk
