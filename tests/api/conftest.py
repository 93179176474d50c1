"""Callers with roles, and golden records made through the door of mastering."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user, issue_token
from apps.api.callers import remembered
from apps.api.limits import buckets, strangers
from apps.audit.context import Actor, acting
from apps.core.clock import utcnow
from apps.core.hashing import content_hash
from apps.core.ids import uuid7
from apps.golden.registry import entity
from apps.mastering.contracts import Change, Move, Plan, Redirect
from apps.mastering.services import apply_plan
from apps.sources.models import SourceRecord, SourceSystem

STEWARD = Actor(name="stella", user_id=77, kind="user")


@dataclass
class Caller:
    """A caller with one token."""

    token: str
    user: User
    client: Client

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self._send("get", path, headers)

    def post(self, path: str, content: Any, **headers: str) -> HttpResponse:
        return self._send("post", path, headers, data=json.dumps(content), content_type="application/json")

    def _send(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> HttpResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/") else f"/api/v1/{path}"
        response: HttpResponse = getattr(self.client, method)(
            address, headers={"Authorization": f"Bearer {self.token}", **sent}, **more
        )
        return response


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    remembered.forget()
    buckets.empty()
    strangers.empty()
    yield
    remembered.forget()
    buckets.empty()
    strangers.empty()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement sent to the database from here on, by Django and past it."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return sent


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    """Make a caller with these roles."""

    def make(*roles: Role, name: str = "") -> Caller:
        user = create_user(
            username=name or "-".join(role.value for role in roles) or "nobody", roles=roles, is_service=True
        )
        return Caller(issue_token(user=user, label="test"), user, Client(raise_request_exception=False))

    return make


@pytest.fixture
def steward(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.STEWARD)


@pytest.fixture
def viewer(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.VIEWER)


@pytest.fixture
def integration(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.INTEGRATION)


@pytest.fixture
def systems(db: None) -> None:
    SourceSystem.objects.bulk_create(
        [
            SourceSystem(code="salesforce", name="Salesforce", role="crm"),
            SourceSystem(code="netsuite", name="NetSuite", role="erp"),
        ],
        ignore_conflicts=True,
    )


def write(
    entity_name: str,
    document: Mapping[str, Any],
    *,
    record_id: UUID | None = None,
    version: int = 0,
    before: Mapping[str, Any] | None = None,
    members: Sequence[tuple[str, str, Mapping[str, Any]]] = (),
    provenance: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    reason: str = "test",
) -> UUID:
    """Create a golden record, or change the one with this id, with its members, as mastering does."""
    moment = now or utcnow()
    target = record_id or uuid7()
    moves = [Move(_source_record(entity_name, *each, now=moment), target, "new") for each in members]
    change = Change(
        record_id=target,
        entity=entity_name,
        kind="updated" if version else "created",
        version=version,
        before=dict(before or {}),
        after=dict(document),
        provenance_before={},
        provenance=dict(provenance or {}),
        quality=90,
    )
    with acting(STEWARD, reason=reason):
        apply_plan(plan=Plan(entity=entity_name, changes=(change,), moves=tuple(moves)), now=moment)
    return target


def merge(entity_name: str, loser: UUID, survivor: UUID, *, now: datetime | None = None) -> None:
    """Turn one record into a redirect to another."""
    redirect = Redirect(loser=loser, survivor=survivor, moved=(), method="steward", reason="the same")
    with acting(STEWARD, reason="the same"):
        apply_plan(plan=Plan(entity=entity_name, redirects=(redirect,)), now=now or utcnow())


def _source_record(
    entity_name: str, system: str, key: str, values: Mapping[str, Any], *, now: datetime
) -> UUID:
    spec = entity(entity_name)
    return SourceRecord.objects.create(
        id=uuid7(),
        system_id=system,
        entity=spec.name,
        key=key,
        raw={"Name": "raw", **values},
        raw_hash=b"r" * 16,
        values=dict(values),
        content_hash=content_hash(values),
        layout=f"{system}.test",
        layout_version=1,
        complete=True,
        created_at=now,
        changed_at=now,
    ).pk


ACME: dict[str, Any] = {
    "legal_name": "Acme Consulting Ltd",
    "number": "C-100",
    "domain": "acme.com",
    "email": "office@acme.com",
    "phone": "+442071234567",
    "owner": "ann",
    "status": "active",
    "currency": "GBP",
    "legal_entity": "UK01",
    "po_required": True,
    "tax_ids": [{"scheme": "vat", "country": "GB", "value": "GB123456789"}],
    "contacts": [{"role": "billing", "name": "Jane Roe", "email": "jane@acme.com", "phone": "+442071234500"}],
    "entity_terms": [{"legal_entity": "UK01", "currency": "GBP", "credit_limit": "5000.00"}],
}


@pytest.fixture
def acme(systems: None) -> UUID:
    """A customer of two source systems, with personal contacts."""
    return write(
        "customer",
        ACME,
        members=[
            ("salesforce", "001A", {"legal_name": "Acme", "contacts": ACME["contacts"]}),
            ("netsuite", "77", {"legal_name": "ACME CONSULTING LTD"}),
        ],
        provenance={
            "legal_name": {
                "system": "netsuite",
                "key": "77",
                "rule": "owner",
                "at": "2026-01-01T00:00:00+00:00",
            },
            "contacts:billing|jane@acme.com": {"system": "salesforce", "key": "001A", "rule": "owner"},
        },
        reason="first load",
    )


PERSON: dict[str, Any] = {
    "worker_id": "W-7",
    "name": "John Doe",
    "given_name": "John",
    "family_name": "Doe",
    "email": "john@firm.com",
    "employing_entity": "UK01",
    "hire_date": "2020-02-03",
    "status": "active",
}


@pytest.fixture
def person(systems: None) -> UUID:
    """A resource: nearly all of it is personal."""
    return write("resource", PERSON, members=[("netsuite", "W-7", {"name": "John Doe"})])
