"""At 10,000 records: 200 differences of five kinds are found and no other; a mapping is tried in bounded memory."""

import os
import time
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.audit.context import Actor
from apps.connectors.mappings import OutboundMapping, Payload
from apps.connectors.sandbox import start_sandbox
from apps.connectors.selectors import active_mapping
from apps.connectors.services import draft_mapping
from apps.connectors.services.seeding import default_documents
from apps.core.hashing import content_hash
from apps.core.ids import uuid7
from apps.distribution.models import ExternalRef, Finding, FindingKind, Lane, Subscription
from apps.distribution.services import reconcile_target, start_simulation, work_on_mapping_run
from apps.golden.models import GoldenRecord
from apps.outbox.models import OutboxEvent
from tests.distribution.golden import T0, Target, connect, customer, seconds

RECORDS, EACH, BATCH = 10_000, 40, 2_000
FEWER = 2_000
"""Where the sandbox reads all of its rows for every question."""
ADA = Actor(name="ada", kind="user")
KINDS = {
    "salesforce": ("missing", "stale", "drifted", "extra", "duplicate"),
    "netsuite": ("missing", "stale", "drifted", "extra"),  # an external id is unique there
}
TARGETS = {
    "salesforce": ("salesforce.account", "Account", "BillingCity"),
    "netsuite": ("netsuite.customer", "customer", "altName"),
}


@dataclass
class Planted:
    """Which golden record was given which difference; extras and duplicates by the id they have over there."""

    found: dict[str, set[str]] = field(default_factory=dict)

    def add(self, kind: str, key: object) -> None:
        self.found.setdefault(kind, set()).add(str(key))


def document(number: int, name: str = "") -> dict[str, Any]:
    address = {"kind": "registered", "line1": f"{number} High St", "city": "Leeds", "country": "GB"}
    return customer(
        name or f"Company {number} Ltd", trade_name=f"C{number}", phone="+441132000000", addresses=[address]
    )


def delivered(
    target: Target, mapping: OutboundMapping, obj: str, count: int = RECORDS
) -> tuple[list[UUID], dict[UUID, Any]]:
    """Write so many golden records that the target has acknowledged, and what it holds of them."""
    ids = sorted(uuid7() for _ in range(count))
    subscription = Subscription.objects.get()
    GoldenRecord.objects.bulk_create(
        [
            GoldenRecord(
                id=record,
                entity="customer",
                code=f"S-{n:06}",
                title=f"Company {n} Ltd",
                created_at=T0,
                updated_at=T0,
            )
            for n, record in enumerate(ids)
        ],
        batch_size=BATCH,
    )
    bodies = {record: body_of(mapping, record, document(n)) for n, record in enumerate(ids)}
    OutboxEvent.objects.bulk_create(
        [
            OutboxEvent(
                id=uuid7(), record_id=record, entity="customer", seq=1, type="created", payload=document(n),
                created_at=T0, actor="ada", correlation_id=record, changed=[],
            )
            for n, record in enumerate(ids)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    lanes = Lane.objects.bulk_create(
        [
            Lane(
                subscription=subscription,
                connection=target.connection,
                record_id=record,
                last_seq=1,
                done_seq=1,
                next_at=T0,
            )
            for record in ids
        ],
        batch_size=BATCH,
    )
    rows = {}
    with target.server.store.transaction():
        for record in ids:
            stored = {**as_kept(bodies[record]), **({"MDM_Id__c": str(record)} if obj == "Account" else {})}
            rows[record] = target.server.store.insert(
                obj, stored, ext_id=str(record), prefix="001" if obj == "Account" else ""
            )
    ExternalRef.objects.bulk_create(
        [
            ExternalRef(
                lane=lane, connection=target.connection, record_id=lane.record_id, object=obj,
                external_id=str(lane.record_id), native_id=rows[lane.record_id].native_id,
                last_hash=content_hash(["upsert", obj, str(lane.record_id), bodies[lane.record_id]]),
                last_fields=bodies[lane.record_id], last_seq=1, last_seen=T0,
            )
            for lane in lanes
        ],
        batch_size=BATCH,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return ids, rows


def body_of(mapping: OutboundMapping, record: UUID, golden: dict[str, Any]) -> dict[str, Any]:
    payload = mapping.to_remote({**golden, "id": str(record), "mdm_id": str(record)}, {})
    assert isinstance(payload, Payload)
    return payload.body


def as_kept(body: dict[str, Any]) -> dict[str, Any]:
    """Return a payload as the sandboxes store it: what references name, in place of the references."""
    return {
        name: value.get("externalId") or value.get("id")
        if isinstance(value, dict) and value.keys() <= {"externalId", "id"}
        else value
        for name, value in body.items()
    }


def cpu_seconds() -> float:
    """Return the processor time of this process and of its backend, where that runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    backend = stat.read_text().rpartition(")")[2].split()[11:13] if stat.exists() else (0, 0)
    return time.process_time() + sum(int(ticks) for ticks in backend) / os.sysconf("SC_CLK_TCK")


def plant(
    name: str, target: Target, mapping: OutboundMapping, ids: list[UUID], rows: dict[UUID, Any]
) -> Planted:
    """Give EACH records of every kind, spread over all of them, that difference."""
    _, obj, changed = TARGETS[name]
    planted, store = Planted(), target.server.store
    step = len(ids) // EACH
    with store.transaction():
        for turn, kind in enumerate(KINDS[name]):
            for record in ids[turn * 7 :: step][:EACH]:
                row = rows[record]
                if kind == "missing":
                    store.delete(row)
                elif kind == "drifted":
                    store.change_silently(row, {changed: "Somewhere else"})
                elif kind == "stale":
                    older = body_of(mapping, record, document(0, name="As it was before Ltd"))
                    store.change_silently(row, as_kept(older))
                    ExternalRef.objects.filter(record=record).update(last_fields=older, last_seq=0)
                elif kind == "duplicate":
                    copy = store.insert(obj, dict(row.body), ext_id=f"copy of {record}", prefix="001")
                    planted.add(kind, copy.native_id)
                    continue
                else:
                    stranger = uuid7()
                    own = {**row.body, **({"MDM_Id__c": str(stranger)} if obj == "Account" else {})}
                    store.insert(obj, own, ext_id=str(stranger), prefix="001" if obj == "Account" else "")
                    planted.add(kind, stranger)
                    continue
                planted.add(kind, record)
    return planted


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["salesforce", "netsuite"])
def test_all_differences_among_thousands_are_found_and_no_other(name: str) -> None:
    server = start_sandbox(name)
    try:
        mapping_name, obj, _ = TARGETS[name]
        target = connect(server, {mapping_name: "customer"})
        mapping = active_mapping(mapping_name)
        ids, rows = delivered(target, mapping, obj, RECORDS if name == "salesforce" else FEWER)
        planted = plant(name, target, mapping, ids, rows)
        began, cpu = time.monotonic(), cpu_seconds()
        run = reconcile_target(target=name, actor=ADA, now=T0 + seconds(3600))
        spent = cpu_seconds() - cpu
        print(
            f"{name}: {spent:.1f} s of CPU, {time.monotonic() - began:.1f} s by the clock, with sandbox and database:"
            f" {run.counts}"
        )
        assert (run.state, run.note) == ("done", "")
        found: dict[str, set[str]] = {}
        for finding in Finding.objects.all():
            by_native = finding.kind == FindingKind.DUPLICATE
            key = finding.native_id if by_native else finding.external_id
            found.setdefault(str(finding.kind), set()).add(key)
        assert found == planted.found
        assert Finding.objects.count() == EACH * len(KINDS[name])
        assert run.counts["in step"] == len(ids) - 3 * EACH
        healing = Lane.objects.filter(done_seq=0).count()
        assert healing == 2 * EACH  # missing and stale go out again by themselves
        assert spent < 60  # processor time, so that a busy machine fails nothing
    finally:
        server.stop()


@pytest.mark.full
@pytest.mark.django_db
def test_a_mapping_is_tried_on_ten_thousand_records_in_bounded_memory() -> None:
    server = start_sandbox("netsuite")
    try:
        mapping_name, obj, _ = TARGETS["netsuite"]
        target = connect(server, {mapping_name: "customer"})
        delivered(target, active_mapping(mapping_name), obj)
        text = next(each for each in default_documents() if each.startswith(f"mapping: {mapping_name}\n"))
        changed = text.replace("remote: phone, max: 32", "remote: fax, max: 32")
        row = draft_mapping(text=changed, actor=ADA, now=T0)
        run = start_simulation(mapping=row, actor=ADA, now=T0)
        tracemalloc.start()
        cpu = time.process_time()
        run = work_on_mapping_run(run_id=run.pk, actor=ADA, now=T0)
        spent, peak = time.process_time() - cpu, tracemalloc.get_traced_memory()[1]
        print(
            f"{run.done / run.seconds:,.0f} a second, {spent:.1f} s CPU with tracing, {peak / 2**20:.0f} MB at most"
        )
        assert (run.state, run.done, run.counts["changed"]) == ("done", RECORDS, RECORDS)
        assert run.fields["fax"] == {"added": RECORDS}
        assert peak < 60 * 2**20
    finally:
        tracemalloc.stop()
        server.stop()
