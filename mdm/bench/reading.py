"""Many records at once through the real server: bulk lookup, a page of the feed, and all of it, against COPY."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.utils.module_loading import import_string

from apps.golden.documents import typed_model
from apps.golden.registry import entity
from mdm.bench.cpu import Cost, measured, median_cost
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.lookup import (
    DRF_ENV,
    DRF_TARGET,
    HUB_ENV,
    Connection,
    Key,
    bench_token,
    customer_keys,
    document_sql,
    raw_connection,
)
from mdm.bench.pipeline import DATABASE, load_customers
from mdm.bench.serving import Server

ROUNDS, REPEATS, DRF_REPEATS = 3, 10, 2
MOST_KEYS, PAGE = 1_000, 1_000
# Lines as they are: text format would double every backslash of the JSON.
_COPY = "COPY ({}) TO STDOUT WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')"
_EVENTS = (
    "SELECT row_to_json(e) FROM (SELECT o.id, o.record_id, o.entity, o.seq AS version, o.type, o.changed, o.actor,"
    " o.reason, o.correlation_id, o.created_at AS at, o.payload AS attributes FROM outbox_outboxevent o"
    " WHERE (o.tx, o.id) > (0, '00000000-0000-0000-0000-000000000000') ORDER BY o.tx, o.id LIMIT %s) e"
)


def run_reading(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Measure rounds of every kind in turn, one request at a time over one kept connection."""
    address = databases.use(DATABASE)
    if not customer_keys():
        report(f"reading, loading {rows:,} records")
        load_customers(databases, DATABASE, rows=rows)
    keys, headers = customer_keys(), {"Authorization": f"Bearer {bench_token()}"}
    chosen = random.Random(2).sample(keys, k=min(MOST_KEYS, len(keys)))
    rounds: list[dict[str, Cost]] = []
    with (
        TemporaryDirectory() as folder,
        Server("bench-hub", Path(folder), database=address, env=HUB_ENV) as hub,
        Server("bench-drf", Path(folder), database=address, env=HUB_ENV | DRF_ENV, target=DRF_TARGET) as drf,
        raw_connection() as raw,
    ):
        report("reading, starting the servers")
        hub.await_start(f"/api/v1/customers/{keys[0][0]}", headers)
        drf.await_start(f"/customers/{keys[0][0]}", {})
        reading = Reading(hub, drf, raw, headers)
        for number in range(ROUNDS):
            report(f"reading, round {number + 1} of {ROUNDS}")
            rounds.append(reading.round(chosen))
    middle = {kind: median_cost(each[kind] for each in rounds).cpu for kind in rounds[0]}
    return _figures(middle, len(chosen), reading)


class Reading:
    """The ways of reading many records, each at its cost."""

    def __init__(self, hub: Server, drf: Server, raw: Connection, headers: Mapping[str, str]) -> None:
        self.hub, self.drf, self.raw, self.headers = hub, drf, raw, headers
        self.events = self.records = 0

    def round(self, keys: Sequence[Key]) -> dict[str, Cost]:
        spec = entity("customer")
        self.hub.reconnect()
        self.drf.reconnect()
        arrays = ([key[1] for key in keys], [key[2] for key in keys], [None] * len(keys))
        everything = import_string("apps.api.v1.record_sql.select_listed")(spec, masked=False)
        ids = f"(SELECT array_agg(record_id ORDER BY record_id) FROM {typed_model(spec)._meta.db_table})"
        return {
            "bulk.copy": self._copied(document_sql("select_many"), arrays, REPEATS),
            "bulk": self._bulk(keys),
            "bulk.drf": self._bulk_in_drf(keys),
            "delta.copy": self._copied(_EVENTS, (PAGE,), REPEATS),
            "delta": self._page_of_changes(),
            "export.copy": self._copied(everything.replace("unnest(%s::uuid[])", f"unnest({ids})"), (), 1),
            "export": self.hub.cost_while(self._export),
        }

    def _copied(self, statement: str, given: Sequence[Any], repeats: int) -> Cost:
        copying = _COPY.format(statement)
        with measured([self.raw.info.backend_pid]) as cost, self.raw.cursor() as cursor:
            for _ in range(repeats):
                with cursor.copy(copying, given or None) as copy:
                    size = sum(len(part) for part in copy)
                if not size:
                    raise ValueError(f"nothing was copied by {statement[:80]}")
        return cost

    def _bulk(self, keys: Sequence[Key]) -> Cost:
        body = orjson.dumps({"keys": [{"system": system, "key": key} for _, system, key in keys]})

        def ask() -> None:
            for _ in range(REPEATS):
                answer = orjson.loads(self.hub.post("/api/v1/customers/lookup", body, self.headers))
                if answer["found"] != len(keys):
                    raise ValueError(f"{answer['found']} of {len(keys)} keys were found")

        return self.hub.cost_while(ask)

    def _bulk_in_drf(self, keys: Sequence[Key]) -> Cost:
        body = orjson.dumps({"ids": sorted({key[0] for key in keys})})

        def ask() -> None:
            for _ in range(DRF_REPEATS):
                self.drf.post("/customers", body, {})

        return self.drf.cost_while(ask)

    def _page_of_changes(self) -> Cost:
        def ask() -> None:
            for _ in range(REPEATS):
                answer = self.hub.get(f"/api/v1/changes?limit={PAGE}", self.headers)
            self.events = len(orjson.loads(answer)["results"])

        return self.hub.cost_while(ask)

    def _export(self) -> None:
        self.records = self.hub.get("/api/v1/customers/export", self.headers).count(b"\n")


def _figures(cpu: Mapping[str, float], keys: int, reading: Reading) -> Figures:
    bulk, drf = cpu["bulk"] / REPEATS, cpu["bulk.drf"] / DRF_REPEATS
    return {
        "reading.bulk.keys": keys,
        "reading.bulk.copy.cpu_ms": cpu["bulk.copy"] / REPEATS * 1e3,
        "reading.bulk.cpu_ms": bulk * 1e3,
        "reading.bulk.to_copy": cpu["bulk"] / cpu["bulk.copy"],
        "reading.bulk.drf.cpu_ms": drf * 1e3,
        "reading.bulk.drf_to_bulk": drf / bulk,
        "reading.delta.events": reading.events,
        "reading.delta.copy.cpu_ms": cpu["delta.copy"] / REPEATS * 1e3,
        "reading.delta.cpu_ms": cpu["delta"] / REPEATS * 1e3,
        "reading.delta.to_copy": cpu["delta"] / cpu["delta.copy"],
        "reading.export.records": reading.records,
        "reading.export.copy.cpu_us": cpu["export.copy"] / reading.records * 1e6,
        "reading.export.cpu_us": cpu["export"] / reading.records * 1e6,
        "reading.export.to_copy": cpu["export"] / cpu["export.copy"],
    }
