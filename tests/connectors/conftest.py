"""Running sandboxes and connectors that speak to them."""

from collections.abc import Callable, Iterator

import pytest

from apps.connectors.contracts import Connector
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox import RunningSandbox, default_secrets, start_sandbox
from apps.connectors.sandbox.running import default_options
from apps.connectors.settings import ConnectorSettings


@pytest.fixture
def sandbox() -> Iterator[Callable[..., RunningSandbox]]:
    running: list[RunningSandbox] = []

    def start(name: str, **options: object) -> RunningSandbox:
        running.append(start_sandbox(name, **options))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def settings_for(name: str, base_url: str, **changes: object) -> ConnectorSettings:
    known = {
        "code": name,
        "base_url": base_url,
        "options": default_options(name),
        "secrets": default_secrets(name),
        "sandbox": True,
    }
    return ConnectorSettings(**{**known, **changes})


@pytest.fixture
def connect() -> Iterator[Callable[..., Connector]]:
    built: list[Connector] = []

    def build(name: str, base_url: str, **changes: object) -> Connector:
        built.append(CONNECTORS.get(name)(settings_for(name, base_url, **changes)))
        return built[-1]

    yield build
    for one in built:
        one.close()
