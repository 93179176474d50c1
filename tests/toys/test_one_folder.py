"""One folder is all a new entity needs: vehicles land, match, master, remember and make news."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.audit.context import SYSTEM
from apps.connectors.services import activate_mapping, draft_mapping
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.services import ensure_default_ownership
from apps.matching.services import ensure_default_match_rules
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import RejectedRow, SourceSystem
from apps.sources.services import land_posted
from apps.stewardship.services import ensure_default_policy
from tests.toys.vehicle.model import Vehicle

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LAYOUT = """
layout: {system}.vehicles
system: {system}
about: Vehicles, as one system keeps them.
records:
  - entity: vehicle
    key: id
    fields:
      name: name
      plate: plate
      fuel: fuel
      price: price
      currency: currency
      bought_on: bought_on
      load: load
      status: status
    collections:
      trips:
        each: trips
        fields: {{number: number, driven_on: day, distance: km}}
"""
IN_ERP = {
    "id": "E1", "name": "Delivery van Berlin North 4711", "plate": "b mw 4711", "fuel": "Diesel", "price": "25000",
    "currency": "EUR", "bought_on": "2024-05-06", "load": "1.250", "status": "in use", "trips": [],
}  # fmt: skip
IN_CRM = {
    "id": "C1", "name": "Delivery van Berlin North 4711", "plate": "B MW 4711", "fuel": "diesel", "price": "1.00",
    "currency": "EUR", "bought_on": "2024-05-06", "status": None,
    "trips": [{"number": 2, "day": "2026-02-28", "km": "12.50"}],
}  # fmt: skip


def land(system: str, record: dict[str, Any]) -> None:
    load, _ = land_posted(
        layout_name=f"{system}.vehicles", records=[record], mode="full", origin="test", now=NOW
    )
    rejected = RejectedRow.objects.filter(load=load).values_list("reason", flat=True)
    assert list(rejected) == []


@pytest.fixture
def hub() -> None:
    ensure_default_ownership(now=NOW)
    ensure_default_match_rules(now=NOW)
    ensure_default_policy(now=NOW)
    for system, role in (("fleet", "erp"), ("garage", "crm")):
        SourceSystem.objects.create(code=system, name=system.title(), role=role)
        mapping = draft_mapping(text=LAYOUT.format(system=system), actor=SYSTEM, now=NOW)
        activate_mapping(mapping=mapping, actor=SYSTEM, now=NOW)


@pytest.mark.usefixtures("hub")
def test_two_systems_tell_of_one_vehicle() -> None:
    land("fleet", IN_ERP)
    run_pending()
    land("garage", IN_CRM)
    run_pending()

    golden = GoldenRecord.objects.get(entity="vehicle")
    assert (golden.title, golden.code[:4], golden.status) == (IN_ERP["name"], "VEH-", "live")
    document = load_documents(entity("vehicle"), [golden.pk])[golden.pk]
    origins = {name: origin.get("system") for name, origin in document.pop("provenance").items()}
    assert document == {
        "name": "Delivery van Berlin North 4711",
        "plate": "B MW 4711",
        "fuel": "diesel",
        "price": "25000.00",
        "currency": "EUR",
        "bought_on": "2024-05-06",
        "load": "1.25",
        "status": "in_use",
        "trips": [{"number": 2, "driven_on": "2026-02-28", "distance": "12.5"}],
    }
    assert (origins["price"], origins["trips:2"]) == ("fleet", "garage")
    assert list(Vehicle.history.order_by("history_id").values_list("history_type", flat=True)) == ["+", "~"]
    events = OutboxEvent.objects.filter(record_id=golden.pk).order_by("seq").values_list("type", flat=True)
    assert list(events) == ["created", "updated"]


@pytest.mark.usefixtures("hub")
def test_the_same_record_again_changes_nothing() -> None:
    land("fleet", IN_ERP)
    run_pending()
    land("fleet", {**IN_ERP, "load": "1.25"})
    report = run_pending()

    assert (GoldenRecord.objects.get(entity="vehicle").version, Vehicle.history.count()) == (1, 1)
    assert report.quarantined == 0
