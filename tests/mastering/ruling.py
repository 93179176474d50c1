"""Helpers for tests of ownership: one customer of two systems, and matrices made on the spot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.mastering.models import OwnershipMatrix, WriteVerdict
from apps.mastering.services import (
    EVERYWHERE,
    Layer,
    OwnershipCell,
    activate_ownership,
    draft_ownership,
    write_ownership_draft,
)
from apps.pipeline.services import run_pending
from apps.sources.services import mark_entity_pending
from apps.stewardship.services import merge_records
from tests.hub import NOW, account, erp_customer, live, master, only

Cells = dict[tuple[str, str], OwnershipCell]


def crm_says(name: str, day: int = 1, **fields: Any) -> None:
    master("salesforce.accounts", account("A1", name, SystemModstamp=f"2026-02-{day:02}", **fields))


def erp_says(name: str, day: int = 1, **fields: Any) -> None:
    master("netsuite.customers", erp_customer("7", name, lastModifiedDate=f"2026-02-{day:02}", **fields))


def customer_of_two_systems(
    status: str = "Prospect", *, name: str = "", crm: Any = None, erp: Any = None
) -> UUID:
    """Return a customer whose name is "From CRM" to the CRM and "From ERP" to the ERP, which tells no state."""
    crm_says(name or "From CRM", Status__c=status, **(crm or {}))
    erp_says(name or "From ERP", **(erp or {}))
    if len(live("customer")) == 2:
        merge_records(record_ids=live("customer"), method="steward", reason="one firm", now=NOW)
    record: UUID = only(live("customer"))
    return record


def rule(
    cells: Cells, *, layer: Layer = EVERYWHERE, entity: str = "customer", now: datetime = NOW
) -> OwnershipMatrix:
    """Activate the present matrix with these cells in place of its own, and compute everything again."""
    draft = draft_ownership(note="test", now=now)
    kept = {
        (row.group, row.state): OwnershipCell(tuple(row.owners), row.others, row.verdicts)
        for row in draft.rules.filter(
            entity=entity,
            legal_entity=layer.legal_entity,
            valid_from=layer.valid_from,
            valid_to=layer.valid_to,
        )
    }
    write_ownership_draft(matrix_id=draft.pk, entity_name=entity, cells=kept | cells, layer=layer)
    activate_ownership(matrix_id=draft.pk, now=now)
    compute_again(entity, now=now)
    draft.refresh_from_db()
    return draft


def compute_again(entity: str = "customer", *, now: datetime = NOW) -> None:
    mark_entity_pending(entity=entity, now=now)
    run_pending()


def verdict_on(system: str, group: str) -> list[Any]:
    """Return verdict, rule and matrix version of a system's present values of a group."""
    row = WriteVerdict.objects.get(writer=system, ended_at=None)
    return list(row.groups[group][1:])
