"""Closed by default: who gets in, who may what, and that a refused request did nothing."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import ApiToken
from apps.accounts.roles import Capability, Role
from apps.accounts.services import issue_token, revoke_token
from apps.api.callers import Remembered, remembered
from apps.core.clock import utcnow
from apps.sources.models import Load
from tests.api.conftest import Caller

EVERYWHERE = (
    "customers",
    "customers/search?q=acme",
    "customers/lookup?system=a&key=b",
    "changes",
    "loads",
    "change-requests",
    "openapi.json",
)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_nobody_gets_in_without_a_token(db: None, path: str) -> None:
    response = Client().get(f"/api/v1/{path}")
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="mdm"'


@pytest.mark.parametrize("header", ["Bearer mdm_wrong", "Bearer ", "Basic YTpi", "mdm_wrong", "Bearer a b"])
def test_a_wrong_token_is_refused(db: None, header: str) -> None:
    response = Client().get("/api/v1/customers", headers={"Authorization": header})
    assert response.status_code == 401


def test_roles_without_view_see_nothing(caller: Callable[..., Caller], acme: UUID) -> None:
    nobody = caller()
    for path in (*EVERYWHERE, f"customers/{acme}", f"customers/{acme}/history", f"customers/{acme}/members"):
        assert nobody.get(path).status_code == 403, path


def test_a_narrowed_token_may_less_than_its_user(caller: Callable[..., Caller], acme: UUID) -> None:
    steward = caller(Role.STEWARD)
    narrow = issue_token(user=steward.user, label="narrow", capabilities=[Capability.VIEW])
    response = Caller(narrow, steward.user, Client()).get(f"customers/{acme}")
    assert response.json()["masked"] == ["contacts.email", "contacts.name", "contacts.phone"]


def test_revoked_expired_and_inactive_are_refused(caller: Callable[..., Caller]) -> None:
    viewer = caller(Role.VIEWER)
    token = ApiToken.objects.get(user=viewer.user)
    revoke_token(token=token, now=utcnow())
    assert viewer.get("customers").status_code == 401

    expired = issue_token(user=viewer.user, label="old", expires_at=utcnow() + timedelta(hours=1))
    with time_machine.travel(utcnow() + timedelta(hours=2)):
        assert Caller(expired, viewer.user, Client()).get("customers").status_code == 401

    live = Caller(issue_token(user=viewer.user, label="live"), viewer.user, Client())
    viewer.user.is_active = False
    viewer.user.save()
    assert live.get("customers").status_code == 401


def test_a_revoked_token_is_remembered_for_thirty_seconds_at_most(caller: Callable[..., Caller]) -> None:
    viewer = caller(Role.VIEWER)
    now = 100.0
    memory = Remembered(clock=lambda: now)
    assert memory.principal(viewer.token) is not None
    revoke_token(token=ApiToken.objects.get(user=viewer.user), now=utcnow())
    now = 129.9
    assert memory.principal(viewer.token) is not None
    now = 130.0
    assert memory.warm(viewer.token) is None
    assert memory.principal(viewer.token) is None


def test_use_of_a_token_is_noted(caller: Callable[..., Caller]) -> None:
    viewer = caller(Role.VIEWER)
    viewer.get("customers")
    first = ApiToken.objects.get(user=viewer.user).last_used_at
    assert first is not None
    remembered.forget()
    viewer.get("customers")
    assert ApiToken.objects.get(user=viewer.user).last_used_at == first


def test_a_session_works_with_csrf_protection(caller: Callable[..., Caller], acme: UUID) -> None:
    steward = caller(Role.STEWARD)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(steward.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(f"/api/v1/customers/{acme}").json()["id"] == str(acme)
    forged = browser.post("/api/v1/customers/lookup", {"keys": []}, content_type="application/json")
    assert (forged.status_code, forged.json()["code"]) == (403, "denied")


def test_a_viewer_cannot_post_records_and_nothing_lands(viewer: Caller) -> None:
    content = {"layout": "x", "mode": "full", "records": [{"a": 1}]}
    response = viewer.post("records", content, Idempotency_Key="k1")
    assert (response.status_code, response.json()["code"]) == (403, "denied")
    assert Load.objects.count() == 0


@pytest.mark.parametrize(
    "path", ["rejected-rows/{}/replay", "change-requests/{}/approve", "change-requests/{}/reject"]
)
def test_an_integration_cannot_decide(integration: Caller, path: str) -> None:
    response = integration.post(path.format(uuid4()), {"reason": "because"} if "change" in path else {})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nothing", 404),
        ("get", "/api/v2/customers", 404),
        ("get", "/api/", 404),
        ("post", "/api/v1/customers/not-a-uuid", 404),
        ("delete", "/api/v1/customers", 405),
        ("put", "/api/v1/records", 405),
        ("options", "/api/v1/customers", 405),
        ("get", "/api/v1/records", 405),
    ],
)
def test_every_failure_is_a_problem_document(steward: Caller, method: str, path: str, status: int) -> None:
    response = getattr(steward.client, method)(path, headers={"Authorization": f"Bearer {steward.token}"})
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert (status == 405) == ("Allow" in response.headers)


def test_an_unexpected_failure_tells_no_stack(
    steward: Caller, acme: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("apps.api.v1.views.stories.provenance_of", broken)
    response = steward.get(f"customers/{acme}/provenance")
    assert (response.status_code, response.json()["code"]) == (500, "unexpected")
    assert "secret" not in response.content.decode()
    assert response.json()["trace_id"] == response["X-Correlation-ID"]


@pytest.mark.parametrize(
    ("content", "type_", "status"),
    [
        ("{", "application/json", 400),
        ('{"keys": [NaN]}', "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"keys": ["\\ud800"]}', "application/json", 400),
        ('{"keys": [{"system": "a", "key": "b"}]}', "text/plain", 415),
        ('{"keys": [{"system": "a", "key": "b"}], "ordering": "password"}', "application/json", 422),
        ('{"keys": [{"system": "a\\u0000", "key": "b"}]}', "application/json", 422),
        ('{"keys": [{"id": "1"}]}', "application/json", 422),
        ("[]", "application/json", 422),
    ],
)
def test_bad_content_is_told_with_its_place(steward: Caller, content: str, type_: str, status: int) -> None:
    response = steward.client.post(
        "/api/v1/customers/lookup",
        content,
        content_type=type_,
        headers={"Authorization": f"Bearer {steward.token}"},
    )
    assert response.status_code == status, response.content


def test_pointers_name_the_place(steward: Caller) -> None:
    keys = [{"system": "a", "key": "b"}, {"system": "a", "key": "b\0"}]
    response = steward.post("customers/lookup", {"keys": keys})
    assert response.json()["errors"] == [
        {"pointer": "/keys/1/key", "code": "nul", "detail": "Texts cannot hold the NUL character."}
    ]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=1e9", "limit=x", "offset=5", "cursor=zzz", "status=unknown", "parent=1",
     "po_required=maybe", "limit=1&limit=2", "updated_since=yesterday", "ordering=password", "domain=a%00b"],
)  # fmt: skip
def test_bad_parameters_are_named(steward: Caller, query: str) -> None:
    response = steward.get(f"customers?{query}")
    assert response.status_code == 400
    assert [error["parameter"] for error in response.json()["errors"]] == [query.partition("=")[0]]
