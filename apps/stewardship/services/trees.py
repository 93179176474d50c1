"""Re-organise: put a record under another one in a tree, from a day on."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.core.errors import NotFound
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.mastering.contracts import Plan
from apps.mastering.services import take_turn
from apps.mastering.trees import places_after_move, refuse_cycle
from apps.stewardship.authority import demand
from apps.stewardship.services.proposing import WriteRefused, propose_values


def move_in_tree(
    *, record_id: UUID, kind: str, parent_id: UUID | None, first: date | None, reason: str, now: datetime
) -> Plan:
    """Let a record stand under `parent_id` (None: alone) from day `first` on (None: always); by policy, like any value.

    Raises NoTrees, WouldCloseACycle with the way back, NotFound for a record that is not live, Denied without the
    role, WriteRefused where rules reject people's places: that verdict is kept.
    """
    demand(Capability.DECIDE)
    values: dict[str, Any] = {}
    try:
        with transaction.atomic():
            take_turn()
            values = _values_of_move(record_id, kind, parent_id, first)
            return propose_values(record_id=record_id, values=values, reason=reason, now=now)
    except WriteRefused as refusal:
        refusal.keep(record_id=record_id, values=values, now=now)
        raise


def _values_of_move(record_id: UUID, kind: str, parent_id: UUID | None, first: date | None) -> dict[str, Any]:
    header = GoldenRecord.objects.filter(pk=record_id, status=RecordStatus.LIVE).first()
    if header is None:
        raise NotFound(f"There is no live golden record {record_id}.")
    spec = entity(header.entity)
    parent = str(parent_id) if parent_id else None
    refuse_cycle(spec, str(record_id), kind, parent, first or date.min)
    document = load_documents(spec, [record_id])[record_id]
    return places_after_move(spec, document, kind, parent, first)
