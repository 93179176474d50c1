"""Golden records with their events, written as mastering writes them: header and event in one transaction."""

import itertools
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.audit.context import Actor
from apps.connectors.models import Connection
from apps.connectors.services import seed_default_mappings
from apps.distribution.models import Lane, Subscription, TargetState
from apps.golden.models import GoldenRecord
from apps.outbox.contracts import NewEvent
from apps.outbox.services import append_events

T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)
STEWARD = Actor(name="ada", kind="user")
_numbers = itertools.count(1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def seed_mappings() -> None:
    seed_default_mappings(actor=STEWARD, now=T0)


def customer(name: str = "Acme Ltd", **more: Any) -> dict[str, Any]:
    return {"legal_name": name, "legal_entity": "UK01", "currency": "GBP", "status": "active", **more}


def new_record(payload: Mapping[str, Any], *, entity: str = "customer", now: datetime = T0) -> GoldenRecord:
    """Create a golden record of version 1 and its event."""
    with transaction.atomic():
        record = GoldenRecord.objects.create(
            entity=entity,
            code=f"T-{next(_numbers):06d}",
            title=str(payload.get("legal_name") or payload.get("name") or ""),
            created_at=now,
            updated_at=now,
        )
        _append(record, dict(payload), "created", now)
    return record


def change(
    record: GoldenRecord, payload: Mapping[str, Any], *, kind: str = "updated", now: datetime = T0
) -> int:
    """Write the next version of a record; return its number."""
    with transaction.atomic():
        return change_inside(record, payload, kind=kind, now=now)


def change_inside(
    record: GoldenRecord, payload: Mapping[str, Any], *, kind: str = "updated", now: datetime = T0
) -> int:
    """The same in the caller's transaction."""
    locked = GoldenRecord.objects.select_for_update().get(pk=record.pk)
    locked.version += 1
    locked.updated_at = now
    locked.save()
    record.version = locked.version
    _append(locked, dict(payload), kind, now)
    return locked.version


def merge(
    loser: GoldenRecord, survivor: GoldenRecord, payload: Mapping[str, Any], *, now: datetime = T0
) -> None:
    """Turn a record into a redirect, as a merge does."""
    with transaction.atomic():
        GoldenRecord.objects.filter(pk=loser.pk).update(status="merged", merged_into=survivor)
        change_inside(loser, payload, kind="merged", now=now)


def _append(record: GoldenRecord, payload: dict[str, Any], kind: str, now: datetime) -> None:
    event = NewEvent(
        record_id=record.pk, entity=record.entity, seq=record.version, type=kind, changed=(), payload=payload
    )
    append_events(events=[event], now=now)


def closed_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def connection(code: str = "netsuite", *, port: int | None = None, **fields: Any) -> Connection:
    """A connection to a port of this machine; to a closed one unless told."""
    values = {
        "kind": code,
        "base_url": f"http://127.0.0.1:{port or closed_port()}",
        "sandbox": True,
        **fields,
    }
    return Connection.objects.create(code=code, **values)


def subscribe(target: Connection, mapping: str, entity: str = "customer", **fields: Any) -> Subscription:
    TargetState.objects.get_or_create(connection=target)
    return Subscription.objects.create(connection=target, mapping=mapping, entity=entity, **fields)


def lane_of(record: GoldenRecord) -> Lane:
    return Lane.objects.get(record=record)
