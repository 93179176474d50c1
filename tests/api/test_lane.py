"""The fast lane answers exactly as Django does: status, body, validators, limits, masking, problems."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from apps.accounts.roles import Role
from apps.api.lane import FastLane
from apps.api.limits import buckets
from tests.api.conftest import Caller, merge, write
from tests.api.wsgi import Counting

SAME = (
    "Content-Type",
    "ETag",
    "Content-Location",
    "Cache-Control",
    "Vary",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Correlation-ID",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "Content-Length",
)
CORRELATION = "0198c9a2-0000-7000-8000-000000000001"


def ask(application: Any, token: str, target: str, **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Send one GET through a WSGI application."""
    parts = urlsplit(target)
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "SCRIPT_NAME": "",
        "SERVER_NAME": "hub", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "hub", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_X_CORRELATION_ID": CORRELATION, **headers,
    }  # fmt: skip
    started: list[Any] = []
    result = application(environ, lambda status, fields, *_: started.extend((status, dict(fields))))
    body = b"".join(result)
    return started[0], {name: value for name, value in started[1].items() if name in SAME}, body


def both(token: str, target: str, **headers: str) -> tuple[Any, Any, int]:
    """Return what Django and the lane answer to a warm caller, and how often the lane asked Django."""
    behind = Counting()
    ask(behind, token, "/api/v1/loads")
    buckets.empty()
    direct = ask(behind, token, target, **headers)
    buckets.empty()
    asked = behind.calls
    return direct, ask(FastLane(behind), token, target, **headers), behind.calls - asked


@pytest.mark.parametrize("role", [Role.STEWARD, Role.VIEWER])
def test_reads_are_the_same_and_never_reach_django(
    caller: Callable[..., Caller], acme: UUID, person: UUID, role: Role
) -> None:
    token = caller(role).token
    loser = write("customer", {"legal_name": "Gone", "status": "active"})
    merge("customer", loser, acme)
    for target in (
        f"/api/v1/customers/{acme}",
        f"/api/v1/customers/{loser}",
        f"/api/v1/resources/{person}",
        "/api/v1/customers/lookup?system=salesforce&key=001A",
        "/api/v1/customers/lookup?key=77&system=netsuite",
    ):
        direct, lane, asked = both(token, target)
        assert lane == direct, target
        assert asked == 0
        assert lane[0] == "200 OK"
        assert ("Jane" in lane[2].decode()) == (role is Role.STEWARD and "customers" in target)
        etag = lane[1]["ETag"]
        fresh, unchanged, asked = both(token, target, HTTP_IF_NONE_MATCH=etag)
        fresh[1].pop("Content-Length")  # Django writes 0, which says nothing of how long the copy is
        assert unchanged == fresh
        assert (unchanged[0], unchanged[2], asked) == ("304 Not Modified", b"", 0)


def test_problems_are_the_same(caller: Callable[..., Caller], acme: UUID) -> None:
    steward, nobody = caller(Role.STEWARD), caller(name="nobody")
    for token, target, status in (
        (steward.token, f"/api/v1/customers/{uuid4()}", "404 Not Found"),
        (steward.token, f"/api/v1/invoices/{acme}", "404 Not Found"),
        (steward.token, "/api/v1/customers/lookup?system=netsuite&key=none", "404 Not Found"),
        (nobody.token, f"/api/v1/customers/{acme}", "403 Forbidden"),
    ):
        direct, lane, asked = both(token, target)
        assert lane == direct
        assert (lane[0], asked) == (status, 0)


def test_the_limit_is_the_same_bucket(caller: Callable[..., Caller], acme: UUID, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 2
    token = caller(Role.VIEWER).token
    target = f"/api/v1/customers/{acme}"
    behind = Counting()
    lane = FastLane(behind)
    answers = [ask(lane, token, target), ask(lane, token, target), ask(lane, token, target)]
    assert [status for status, _, _ in answers] == ["200 OK", "200 OK", "429 Too Many Requests"]
    assert behind.calls == 1  # the first one, which made the token known
    assert answers[2][1]["Retry-After"] == "30"
    assert answers[2][1]["RateLimit"] == '"client";r=0;t=60'
    assert ask(behind, token, target)[::2] == answers[2][::2]


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/customers/{id}?as_of=2999-01-01T00:00:00Z",
        "/api/v1/customers/{id}/history",
        "/api/v1/customers/lookup?domain=acme.com",
        "/api/v1/customers/lookup?system=netsuite&key=77&key=78",
        "/api/v1/customers/lookup?system=netsuite&key=",
        "/api/v1/nothing/{id}",
        "/api/v1/customers",
    ],
)
def test_everything_else_is_for_django(steward: Caller, acme: UUID, target: str) -> None:
    direct, lane, asked = both(steward.token, target.format(id=acme))
    assert (lane, asked) == (direct, 1)


def test_an_unknown_token_is_for_django(steward: Caller, acme: UUID) -> None:
    behind = Counting()
    status, _, _ = ask(FastLane(behind), "mdm_wrong", f"/api/v1/customers/{acme}")
    assert (status, behind.calls) == ("401 Unauthorized", 1)


def test_a_wrong_host_and_plain_http_are_for_django(steward: Caller, acme: UUID, settings: Settings) -> None:
    behind = Counting()
    lane = FastLane(behind)
    target = f"/api/v1/customers/{acme}"
    ask(lane, steward.token, target)
    settings.SECURE_SSL_REDIRECT = True
    asked = behind.calls
    assert ask(lane, steward.token, target)[0] == "200 OK" or behind.calls > asked
    assert behind.calls == asked + 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert ask(lane, steward.token, target, HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"
    assert behind.calls == asked + 1


def test_a_reader_over_https_is_told_to_stay_there(viewer: Caller, acme: UUID, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = (
        True
    )
    settings.SECURE_HSTS_SECONDS = 3600
    headers = {"wsgi.url_scheme": "https"}
    direct = ask(Counting(), viewer.token, f"/api/v1/customers/{acme}", **headers)
    buckets.empty()
    lane = ask(FastLane(Counting()), viewer.token, f"/api/v1/customers/{acme}", **headers)
    assert lane == direct
    assert lane[1]["Strict-Transport-Security"] == "max-age=3600; includeSubDomains; preload"
