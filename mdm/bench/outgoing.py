"""Golden customers and their events as the apply step writes them, and targets that subscribe to them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.context import Actor
from apps.connectors.services import save_connection
from apps.core.batches import in_batches
from apps.core.clock import utcnow
from apps.core.ids import derived_uuid
from apps.distribution.models import Subscription
from apps.distribution.services import save_subscription, set_target_limits
from apps.golden.models import GoldenRecord
from apps.outbox.contracts import NewEvent
from apps.outbox.services import append_events
from mdm.bench.instant import KIND
from mdm.demo.benchmark import customers_only

BENCH = Actor(name="bench")
MAPPING = "salesforce.account"
CHUNK = 2_000
SEED = 29


def subscribe(codes: Sequence[str], *, batch_size: int, dead: Collection[str] = (), calls: str = "") -> None:
    """Have these targets, and no others, take customers; those that are `dead` never answer.

    The first one notes its calls in the file `calls`.
    """
    now = utcnow()
    Subscription.objects.update(active=False)
    for code in codes:
        save_connection(
            code=code,
            kind=KIND,
            base_url="http://127.0.0.1:9",
            options={"dead": code in dead, "calls": calls if code == codes[0] else ""},
            secrets={},
            sandbox=True,
            actor=BENCH,
            now=now,
        )
        save_subscription(target=code, mapping=MAPPING, actor=BENCH, now=now)
        set_target_limits(
            target=code, max_inflight=8, batch_size=batch_size, rate_per_second=None, actor=BENCH, now=now
        )


def fill(rows: int) -> None:
    """Write `rows` golden customers of version 1 with their events."""
    for chunk in in_batches(enumerate(customers_only(rows, SEED)), CHUNK):
        now = utcnow()
        with transaction.atomic():
            GoldenRecord.objects.bulk_create(_header(number, row) for number, row in chunk)
            append_events(events=[_event(number, row, 1) for number, row in chunk], now=now)


def touch(rows: int, version: int) -> None:
    """Write the next version of the first `rows` of them."""
    for chunk in in_batches(enumerate(customers_only(rows, SEED)), CHUNK):
        change(chunk, version)


def change(chunk: Iterable[tuple[int, dict[str, str]]], version: int) -> None:
    """Write the next version of these in one transaction."""
    with transaction.atomic():
        append_events(events=[_event(number, row, version) for number, row in chunk], now=utcnow())


def record_id(number: int) -> UUID:
    return derived_uuid("bench distribution", number)


def _header(number: int, row: dict[str, str]) -> GoldenRecord:
    now = utcnow()
    return GoldenRecord(
        pk=record_id(number),
        entity="customer",
        code=f"B-{number:08d}",
        title=row["legal_name"],
        created_at=now,
        updated_at=now,
    )


def _event(number: int, row: dict[str, str], version: int) -> NewEvent:
    return NewEvent(
        record_id=record_id(number),
        entity="customer",
        seq=version,
        type="created" if version == 1 else "updated",
        changed=(),
        payload=_document(number, row, version),
    )


def _document(number: int, row: dict[str, str], version: int) -> dict[str, Any]:
    plain = {name: row[name] or None for name in ("duns", "registration_no", "domain", "phone", "email")}
    place = {name: row[name] for name in ("line1", "city", "region", "postcode", "country")}
    return {
        **plain,
        "legal_name": row["legal_name"] or f"Customer {number} Ltd",
        "trade_name": f"V{version}",
        "segment": "Enterprise",
        "legal_entity": "UK01",
        "currency": "GBP",
        "status": "active",
        "tax_ids": [
            {"scheme": row["tax_scheme"] or "vat", "country": row["country"], "value": row["tax_id"]}
        ],
        "addresses": [{"kind": "registered", **place}],
    }
