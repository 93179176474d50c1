"""The export over real HTTP: one streamed answer, resumed after a cut, masked by role, as many records as the list."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import pytest
from django.db import connection

from apps.accounts.roles import Role
from apps.api.v1 import exporting
from apps.api.v1.filters import list_parameters
from apps.golden.registry import entity
from tests.api.conftest import PERSON, Caller, write
from tests.api.test_http import address

__all__ = ["address"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customers(systems: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven customers, more than two chunks of three."""
    monkeypatch.setattr(exporting, "CHUNK", 3)
    return [
        str(write("customer", {"legal_name": f"Customer {n}\n\\", "status": ("active", "prospect")[n % 2]}))
        for n in range(7)
    ]


def lines_of(client: httpx2.Client, path: str, *, cut_after: int | None = None) -> Iterator[str]:
    """Yield whole lines; the connection is cut after some of them."""
    with client.stream("GET", path) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
        for number, line in enumerate(answer.iter_lines()):
            if number == cut_after:
                return
            yield line


def test_an_export_is_the_list_in_one_answer(
    address: str, caller: Callable[..., Caller], customers: list[str]
) -> None:
    token = caller(Role.STEWARD).token
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        found = [json.loads(line) for line in lines_of(client, f"{address}/customers/export")]
        assert found == client.get(f"{address}/customers?limit=200").json()["results"]
        assert [each["id"] for each in found] == customers
        some = [json.loads(line) for line in lines_of(client, f"{address}/customers/export?status=active")]
        assert [each["id"] for each in some] == customers[::2]
        refused = client.get(f"{address}/customers/export?limit=5")
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("cut_after", [0, 1, 3, 4, 7])
def test_after_a_cut_each_record_comes_exactly_once(
    address: str, caller: Callable[..., Caller], customers: list[str], cut_after: int
) -> None:
    token = caller(Role.STEWARD).token
    path = f"{address}/customers/export"
    seen: list[str] = []
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        seen += [json.loads(line)["id"] for line in lines_of(client, path, cut_after=cut_after)]
        assert len(seen) == cut_after
        go_on = f"{path}?after={seen[-1]}" if seen else path
        seen += [json.loads(line)["id"] for line in lines_of(client, go_on)]
        assert seen == customers
        assert list(lines_of(client, f"{path}?after={seen[-1]}")) == []


def test_a_masked_export_shows_nothing_personal(
    address: str, caller: Callable[..., Caller], systems: None
) -> None:
    person: UUID = write("resource", PERSON, members=[("netsuite", "W-7", {"name": "John Doe"})])
    texts = {}
    for role in (Role.VIEWER, Role.STEWARD):
        with httpx2.Client(headers={"Authorization": f"Bearer {caller(role).token}"}) as client:
            [texts[role]] = lines_of(client, f"{address}/resources/export")
            assert json.loads(texts[role]) == client.get(f"{address}/resources/{person}").json()
            asked = client.get(f"{address}/resources/export?email=john@firm.com")
            assert asked.status_code == (403 if role is Role.VIEWER else 200)
    assert "John" in texts[Role.STEWARD]
    assert "John" not in texts[Role.VIEWER]
    assert "john@firm.com" not in texts[Role.VIEWER]


def test_a_database_that_goes_away_in_between_cuts_no_answer(customers: list[str]) -> None:
    spec = entity("customer")
    given = {parameter.name: None for parameter in list_parameters(spec)}
    chunks = exporting.exported(spec, {**given, "record_status": "live", "after": None}, masked=False)
    found = [next(chunks)]
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.connection.info.backend_pid,))
    found += list(chunks)
    assert [json.loads(line)["id"] for line in b"".join(found).splitlines()] == customers


def test_an_export_can_be_had_where_the_quota_is_less_than_it_costs(
    caller: Callable[..., Caller], customers: list[str], settings: Any
) -> None:
    settings.API_RATE_PER_MINUTE, settings.API_PROCESSES = 20, 1
    answer = caller(Role.STEWARD, name="poor").get("customers/export")
    assert answer.status_code == 200
    assert len(b"".join(answer.streaming_content).splitlines()) == 7


def test_asking_for_the_head_of_an_export_reads_and_costs_nothing(
    caller: Callable[..., Caller], customers: list[str], settings: Any
) -> None:
    settings.API_RATE_PER_MINUTE, settings.API_PROCESSES = 20, 1
    asking = caller(Role.STEWARD, name="poor")
    for _ in range(3):
        answer = asking.client.head(
            "/api/v1/customers/export", headers={"Authorization": f"Bearer {asking.token}"}
        )
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
