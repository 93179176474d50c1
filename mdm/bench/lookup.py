"""Single lookups through the real server, against psycopg alone and against Django REST framework."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import psycopg
from django.db import connection
from django.utils.module_loading import import_string

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user, issue_token
from apps.golden.documents import typed_model
from apps.golden.registry import entity
from mdm.bench.cpu import Cost, measured, median_cost
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.pipeline import DATABASE, load_customers
from mdm.bench.serving import Server

ROUNDS = 3
MOST_REQUESTS = 1_000
HUB_ENV = {"API_RATE_PER_MINUTE": "1000000000", "LOG_LEVEL": "WARNING"}
DRF_ENV = {"DJANGO_SETTINGS_MODULE": "mdm.bench.drf_settings"}
DRF_TARGET = ("--factory", "django.core.wsgi:get_wsgi_application")

Key = tuple[str, str, str]
"""Golden id, source system, key."""
Connection = psycopg.Connection[tuple[Any, ...]]


def run_lookup(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Measure rounds of every kind in turn, one request at a time over one kept connection."""
    address = databases.use(DATABASE)
    if not customer_keys():
        report(f"lookup, loading {rows:,} records")
        load_customers(databases, DATABASE, rows=rows)
    keys, headers = customer_keys(), {"Authorization": f"Bearer {bench_token()}"}
    requests = min(MOST_REQUESTS, max(50, rows // 10))
    chosen = random.Random(1).choices(keys, k=requests)
    rounds = []
    with (
        TemporaryDirectory() as folder,
        Server("bench-hub", Path(folder), database=address, env=HUB_ENV) as hub,
        Server("bench-drf", Path(folder), database=address, env=HUB_ENV | DRF_ENV, target=DRF_TARGET) as drf,
        raw_connection() as raw,
    ):
        report("lookup, starting the servers")
        hub.await_start(_by_id(keys[0]), headers)
        drf.await_start(_by_id_in_drf(keys[0]), {})
        for number in range(ROUNDS):
            report(f"lookup, round {number + 1} of {ROUNDS}, {requests:,} requests of a kind")
            rounds.append(dict(_round(hub, drf, raw, chosen, headers)))
    middle = {kind: median_cost(each[kind] for each in rounds) for kind in rounds[0]}
    return _figures(middle, requests, keys)


def _round(
    hub: Server, drf: Server, raw: Connection, keys: Sequence[Key], headers: Mapping[str, str]
) -> Iterator[tuple[str, Cost]]:
    by_id = [(key[0],) for key in keys]
    yield "raw_row", _ask(raw, _typed_row(), by_id)
    yield "raw.by_id", _ask(raw, document_sql("select_by_id"), by_id)
    yield "by_id", hub.cost_of([_by_id(key) for key in keys], headers)
    yield "raw.by_key", _ask(raw, document_sql("select_by_key"), [key[1:] for key in keys])
    yield "by_key", hub.cost_of([_by_key(key) for key in keys], headers)
    yield "drf", drf.cost_of([_by_id_in_drf(key) for key in keys[: _fewer(len(keys))]], {})


def _fewer(requests: int) -> int:
    return max(50, requests // 4)


def _figures(middle: Mapping[str, Cost], requests: int, keys: Sequence[Key]) -> Figures:
    counts = dict.fromkeys(middle, requests) | {"drf": _fewer(requests)}
    ms = {kind: cost.cpu / counts[kind] * 1e3 for kind, cost in middle.items()}
    return {
        "lookup.records": len({key[0] for key in keys}),
        "lookup.raw_row.cpu_ms": ms["raw_row"],
        "lookup.raw.by_id.cpu_ms": ms["raw.by_id"],
        "lookup.raw.by_key.cpu_ms": ms["raw.by_key"],
        "lookup.by_id.cpu_ms": ms["by_id"],
        "lookup.by_id.postgres_cpu_ms": middle["by_id"].postgres / requests * 1e3,
        "lookup.by_key.cpu_ms": ms["by_key"],
        "lookup.by_id.of_raw": ms["raw.by_id"] / ms["by_id"],
        "lookup.by_key.of_raw": ms["raw.by_key"] / ms["by_key"],
        "lookup.by_id.of_raw_row": ms["raw_row"] / ms["by_id"],
        "lookup.drf.cpu_ms": ms["drf"],
        "lookup.drf.to_by_id": ms["drf"] / ms["by_id"],
    }


def _by_id(key: Key) -> str:
    return f"/api/v1/customers/{key[0]}"


def _by_key(key: Key) -> str:
    return f"/api/v1/customers/lookup?system={key[1]}&key={quote(key[2], safe='')}"


def _by_id_in_drf(key: Key) -> str:
    return f"/customers/{key[0]}"


def customer_keys() -> list[Key]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id::text, system_id, key FROM sources_crosswalk WHERE entity = 'customer' ORDER BY key"
        )
        return list(cursor.fetchall())


def bench_token() -> str:
    """A token that sees everything, so that it reads what the raw queries read."""
    known = User.objects.filter(username="bench").first()
    user = known or create_user(username="bench", roles=[Role.STEWARD], is_service=True)
    return issue_token(user=user, label="bench")


def _typed_row() -> str:
    table = typed_model(entity("customer"))._meta.db_table
    return f"SELECT row_to_json(t)::text FROM {table} t WHERE record_id = %s"


def document_sql(name: str) -> str:
    """The API's own statement, by name because it is private to the API."""
    statement: str = import_string(f"apps.api.v1.record_sql.{name}")(entity("customer"), masked=False)
    return statement


def raw_connection() -> Connection:
    """A plain psycopg connection to the database of the moment."""
    settings = connection.settings_dict
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or settings["OPTIONS"].get("host") or None,
        port=settings["PORT"] or None,
        autocommit=True,
    )


def _ask(raw: Connection, statement: str, parameters: Sequence[Sequence[str]]) -> Cost:
    """The least that can be done: one prepared statement after the other on one cursor, bytes out."""
    cursor = raw.cursor()
    for given in parameters[:50]:
        cursor.execute(statement, given, prepare=True).fetchone()
    with measured([raw.info.backend_pid]) as cost:
        for given in parameters:
            row = cursor.execute(statement, given, prepare=True).fetchone()
            if row is None:
                raise ValueError(f"nothing found for {given}")
            row[-1].encode()
    return cost
