"""Golden records with their events, written as mastering writes them: header and event in one transaction."""

import itertools
import socket
from collections.abc import Mapping as Mapped
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.audit.context import Actor
from apps.connectors.models import Connection, Mapping
from apps.connectors.sandbox import RunningSandbox, default_secrets
from apps.connectors.services import activate_mapping, draft_mapping, save_connection
from apps.connectors.services.seeding import default_documents
from apps.distribution.contracts import RunReport
from apps.distribution.models import DeliveryAttempt, Lane, Subscription, TargetState
from apps.distribution.services import deliver_due
from apps.golden.models import GoldenRecord
from apps.outbox.contracts import NewEvent
from apps.outbox.services import append_events

T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)
STEWARD = Actor(name="ada", kind="user")
_numbers = itertools.count(1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def activate(*names: str) -> None:
    """Bring these shipped mappings into force, unless the database was seeded with them."""
    there = set(Mapping.objects.filter(status="active").values_list("name", flat=True))
    for text in default_documents():
        if text.split("\n", 1)[0].removeprefix("mapping: ") in set(names) - there:
            drafted = draft_mapping(text=text, actor=STEWARD, now=T0)
            activate_mapping(mapping=drafted, actor=STEWARD, now=T0)


def customer(name: str = "Acme Ltd", **more: Any) -> dict[str, Any]:
    return {"legal_name": name, "legal_entity": "UK01", "currency": "GBP", "status": "active", **more}


def new_record(payload: Mapped[str, Any], *, entity: str = "customer", now: datetime = T0) -> GoldenRecord:
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
    record: GoldenRecord, payload: Mapped[str, Any], *, kind: str = "updated", now: datetime = T0
) -> int:
    """Write the next version of a record; return its number."""
    with transaction.atomic():
        return change_inside(record, payload, kind=kind, now=now)


def change_inside(
    record: GoldenRecord, payload: Mapped[str, Any], *, kind: str = "updated", now: datetime = T0
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
    loser: GoldenRecord, survivor: GoldenRecord, payload: Mapped[str, Any], *, now: datetime = T0
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


@dataclass(slots=True)
class Target:
    """A sandbox that serves, its connection, and what a delivery to it says."""

    server: RunningSandbox
    connection: Connection

    def deliver(self, *, at: float = 1.0, limit: int = 500) -> RunReport:
        """Deliver what is due `at` seconds after T0."""
        return deliver_due(target=self.connection.code, limit=limit, worker="w1", now=T0 + seconds(at))

    def limits(self, **limits: Any) -> None:
        TargetState.objects.filter(connection=self.connection).update(**limits)

    def verbs(self, record: GoldenRecord) -> list[str]:
        """Return what the target's journal says was done to a record, oldest first."""
        return [effect.verb for effect in self.server.effects(ext_id=str(record.pk))]

    def held(self, record: GoldenRecord, obj: str) -> dict[str, Any]:
        """Return what the target holds for a record."""
        row = self.server.store.find(obj, ext_id=str(record.pk))
        return row.body if row else {}

    def outcomes(self, record: GoldenRecord) -> list[str]:
        """Return the outcomes of a record's attempts, oldest first."""
        rows = DeliveryAttempt.objects.filter(record_id=record.pk, connection=self.connection)
        return list(rows.order_by("started_at", "id").values_list("outcome", flat=True))


def connect(server: RunningSandbox, mappings: Mapped[str, str], **limits: Any) -> Target:
    """Save the connection to a sandbox and subscribe it: mapping name to entity, parents first."""
    saved = save_connection(
        code=server.name,
        kind=server.name,
        base_url=server.base_url,
        options=server.options,
        secrets=default_secrets(server.name),
        sandbox=True,
        actor=STEWARD,
        now=T0,
    )
    activate(*mappings)
    for place, (mapping, entity) in enumerate(mappings.items(), start=1):
        subscribe(saved, mapping, entity, priority=10 * place)
    target = Target(server, saved)
    if limits:
        target.limits(**limits)
    return target
