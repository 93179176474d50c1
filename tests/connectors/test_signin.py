"""The other ways to sign in: signed assertions, refresh tokens, OAuth 2 at an ERP."""

from collections.abc import Callable

import pytest
from joserfc.jwk import RSAKey

from apps.connectors.contracts import Connector, FailureClass
from apps.connectors.pacing import Pace
from apps.connectors.sandbox import RunningSandbox, default_secrets
from tests.connectors.samples import SAMPLES

Start = Callable[..., RunningSandbox]
Connect = Callable[..., Connector]


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048)


def pem(key: RSAKey, *, private: bool) -> str:
    return key.as_pem(private=private).decode()


def test_salesforce_takes_an_assertion_of_the_registered_key(
    sandbox: Start, connect: Connect, key: RSAKey
) -> None:
    running = sandbox(
        "salesforce", secrets={"public_key": pem(key, private=False), "username": "hub@acme.example"}
    )
    secrets = {"client_id": "mdm-hub", "private_key": pem(key, private=True)}
    options = {**running.options, "username": "hub@acme.example"}
    assert connect("salesforce", running.base_url, options=options, secrets=secrets).check().ok
    other = {**secrets, "private_key": pem(RSAKey.generate_key(2048), private=True)}
    for changes in (
        {"options": {**options, "username": "someone@acme.example"}, "secrets": secrets},
        {"options": {**options, "audience": "https://test.salesforce.com"}, "secrets": secrets},
        {"options": options, "secrets": other},
    ):
        health = connect("salesforce", running.base_url, **changes).check()
        assert [(one.name, one.ok) for one in health.findings] == [("sign-in", False)]


def test_hubspot_renews_a_token_by_its_refresh_token(sandbox: Start, connect: Connect) -> None:
    keys = {"client_id": "app", "client_secret": "app-secret", "refresh_token": "r-1"}
    running = sandbox("hubspot", secrets=keys)
    assert connect("hubspot", running.base_url, secrets=keys).check().ok
    assert not connect("hubspot", running.base_url, secrets={**keys, "refresh_token": "r-2"}).check().ok


def test_sap_takes_a_token_of_its_token_service(sandbox: Start, connect: Connect) -> None:
    keys = {"client_id": "hub", "client_secret": "sap-client"}
    running = sandbox("sap", secrets=keys)
    options = {**running.options, "token_url": f"{running.base_url}/oauth/token"}
    one = connect("sap", running.base_url, options=options, secrets=keys)
    assert one.check().ok
    assert (
        not connect("sap", running.base_url, options=options, secrets={**keys, "client_secret": "x"})
        .check()
        .ok
    )


def test_a_token_service_elsewhere_must_be_named(sandbox: Start, connect: Connect) -> None:
    running = sandbox("sap")
    options = {**running.options, "token_url": "https://login.example.com/token"}
    health = connect(
        "sap", running.base_url, options=options, secrets={"client_id": "a", "client_secret": "b"}
    ).check()
    assert "extra_hosts" in health.findings[0].detail


def test_a_lost_csrf_session_is_fetched_again(
    shared: Callable[[str], RunningSandbox], connect: Connect
) -> None:
    running = shared("sap")
    one = connect("sap", running.base_url)

    sample = SAMPLES["sap"]
    assert one.upsert(sample.obj, [sample.write("g1")])[0].ok
    running.system.expire_tokens()
    assert one.upsert(sample.obj, [sample.write("g2")])[0].ok
    failure = (
        connect("sap", running.base_url, secrets={**default_secrets("sap"), "password": "wrong"})
        .upsert(sample.obj, [sample.write("g3")])[0]
        .failure
    )
    assert failure is not None
    assert failure.cls is FailureClass.AUTH_REFRESH


def test_calls_keep_their_pace() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(4.0, clock=lambda: now[0], sleep=sleep)
    for _ in range(3):
        pace.wait()
    now[0] += 10
    pace.wait()
    assert slept == [0.25, 0.25]
