"""Read one record by golden id or by source key: the two hottest requests, shared with the fast lane."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connection

from apps.accounts.contracts import Principal
from apps.accounts.roles import Capability
from apps.api.answers import Answer, is_unchanged, record_etag
from apps.api.masking import sees_personal
from apps.api.v1.record_sql import select_by_id, select_by_key
from apps.core.bulk import raw_cursor
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


def _fetch_one(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    with raw_cursor() as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchone()


def read_by_id(spec: EntitySpec, record_id: UUID, principal: Principal, if_none_match: str | None) -> Answer:
    """Answer with the record; one that was merged away answers with its survivor. Raises NoSuchRecord, Denied."""
    demand(principal, Capability.VIEW)
    masked = not sees_personal(principal)
    row = fetch_one(select_by_id(spec, masked=masked), (record_id,))
    if row is None:
        raise NoSuchRecord(f"No {spec.label} has the golden id {record_id}.")
    answer = _answer(row, if_none_match, masked=masked)
    if row[0] != record_id:
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
    answer = _answer(row, if_none_match, masked=masked)
    answer.headers.append(("Content-Location", f"/api/v1/{spec.plural}/{row[0]}"))
    return answer


def _answer(row: tuple[Any, ...], if_none_match: str | None, *, masked: bool) -> Answer:
    record_id, version, updated_at, body = row
    etag = record_etag(record_id, version, updated_at, masked=masked)
    if is_unchanged(if_none_match, etag):
        return Answer(304, headers=[("ETag", etag)])
    return Answer(200, body.encode(), [("ETag", etag)])
