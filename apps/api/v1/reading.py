"""Read one record by golden id or by source key: the two hottest requests, shared with the fast lane."""

import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

from apps.accounts.contracts import Principal
from apps.accounts.roles import Capability
from apps.api.answers import Answer, is_unchanged
from apps.api.masking import sees_personal
from apps.api.v1.record_sql import select_by_id, select_by_key
from apps.core.errors import Denied, NotFound
from apps.golden.spec import EntitySpec


class NoSuchRecord(NotFound):
    code = "record_not_found"
    title = "There is no such golden record"


def demand(principal: Principal, capability: Capability) -> None:
    """Raise Denied unless the caller has the capability in this call."""
    if not principal.may(capability):
        raise Denied(f"This needs the capability {capability.value!r}; ask an administrator.")


def fetch_one(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the only row of a read, prepared on its connection; a connection that broke is replaced once."""
    try:
        return _fetch_one(statement, parameters)
    except (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
    try:
        return _fetch_one(statement, parameters)
    except psycopg.OperationalError as error:
        raise OperationalError(str(error)) from error


class _Reads(threading.local):
    """The cursor of this thread's connection, kept: making one costs as much as the rest of a read."""

    connection: Any = None
    cursor: Any = None


_reads = _Reads()


def _fetch_one(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    django_connection = connections[DEFAULT_DB_ALIAS]
    django_connection.ensure_connection()
    live = django_connection.connection
    if _reads.connection is not live:
        _reads.connection, _reads.cursor = live, live.cursor()
    row: tuple[Any, ...] | None = _reads.cursor.execute(statement, parameters, prepare=True).fetchone()
    return row


def read_by_id(
    spec: EntitySpec, record_id: UUID | str, principal: Principal, if_none_match: str | None
) -> Answer:
    """Answer with the record; one that was merged away answers with its survivor. Raises NoSuchRecord, Denied.

    A text must be a UUID in its usual form, lower case.
    """
    asked = str(record_id)
    demand(principal, Capability.VIEW)
    masked = not sees_personal(principal)
    row = fetch_one(select_by_id(spec, masked=masked), (asked,))
    if row is None:
        raise NoSuchRecord(f"No {spec.label} has the golden id {record_id}.")
    answer = _answer(row, if_none_match)
    if row[0] != asked:
        answer.headers.append(("Content-Location", f"/api/v1/{spec.plural}/{row[0]}"))
    return answer


def read_by_key(
    spec: EntitySpec, system: str, key: str, principal: Principal, if_none_match: str | None
) -> Answer:
    """Answer with the record a source system knows under its key. Raises NoSuchRecord, Denied."""
    demand(principal, Capability.VIEW)
    masked = not sees_personal(principal)
    row = fetch_one(select_by_key(spec, masked=masked), (system, key))
    if row is None:
        raise NoSuchRecord(f"No {spec.label} has the key {key!r} in {system!r}.")
    answer = _answer(row, if_none_match)
    answer.headers.append(("Content-Location", f"/api/v1/{spec.plural}/{row[0]}"))
    return answer


def _answer(row: tuple[Any, ...], if_none_match: str | None) -> Answer:
    _, etag, body = row
    if is_unchanged(if_none_match, etag):
        return Answer(304, headers=[("ETag", etag)])
    return Answer(200, body.encode(), [("ETag", etag)])
