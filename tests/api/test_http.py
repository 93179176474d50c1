"""Over real HTTP on loopback: sign-in, limits, validators and problems as a client sees them."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx2
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from pytest_django import Settings

from apps.accounts.roles import Role
from apps.api.lane import FastLane
from tests.api.conftest import ACME, Caller, write

pytestmark = pytest.mark.django_db(transaction=True)


class Silent(WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """A server with the fast lane in front of Django, as production has it."""
    server = make_server("127.0.0.1", 0, FastLane(WSGIHandler()), handler_class=Silent)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_client_over_http(
    address: str, caller: Callable[..., Caller], systems: None, settings: Settings
) -> None:
    viewer = caller(Role.VIEWER)
    acme = write("customer", ACME, members=[("netsuite", "77", {})])
    with httpx2.Client(headers={"Authorization": f"Bearer {viewer.token}"}) as client:
        first = client.get(f"{address}/customers/{acme}")
        assert first.status_code == 200
        assert first.json()["attributes"]["legal_name"] == "Acme Consulting Ltd"
        assert first.headers["RateLimit-Policy"] == '"client";q=12000;w=60'
        again = client.get(f"{address}/customers/{acme}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        by_key = client.get(f"{address}/customers/lookup", params={"system": "netsuite", "key": "77"})
        assert by_key.content == first.content
        assert client.head(f"{address}/customers/{acme}").headers["ETag"] == first.headers["ETag"]

        settings.API_RATE_PER_MINUTE = 3
        statuses = [client.get(f"{address}/customers").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = client.get(f"{address}/customers/{acme}")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) == 20
        other = caller(Role.VIEWER, name="other")
        free = client.get(f"{address}/customers", headers={"Authorization": f"Bearer {other.token}"})
        assert free.status_code == 200


def test_guessing_tokens_is_slowed_down(address: str, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 300
    with httpx2.Client(headers={"Authorization": "Bearer mdm_guess"}) as client:
        statuses = [client.get(f"{address}/customers").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
