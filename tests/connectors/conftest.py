"""Running sandboxes, one of each kind for all tests, and connectors that speak to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from apps.connectors.contracts import Connector
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox import RunningSandbox, default_secrets, start_sandbox
from apps.connectors.sandbox.running import sandbox_options
from apps.connectors.settings import ConnectorSettings


@pytest.fixture
def sandbox() -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes of their own for one test."""
    with ExitStack() as stack:

        def start(name: str, **options: object) -> RunningSandbox:
            running = start_sandbox(name, **options)
            stack.callback(running.stop)
            return running

        yield start


@pytest.fixture(scope="session")
def shared_sandboxes() -> Iterator[Callable[[str], RunningSandbox]]:
    running: dict[str, RunningSandbox] = {}

    def get(name: str) -> RunningSandbox:
        if name not in running:
            running[name] = start_sandbox(name)
        return running[name]

    yield get
    for one in running.values():
        one.stop()


@pytest.fixture
def shared(shared_sandboxes: Callable[[str], RunningSandbox]) -> Callable[[str], RunningSandbox]:
    """Give the sandbox of a kind that all tests use, empty."""

    def get(name: str) -> RunningSandbox:
        one = shared_sandboxes(name)
        one.system.reset()
        return one

    return get


def settings_for(name: str, base_url: str, **changes: object) -> ConnectorSettings:
    known = {
        "code": name,
        "base_url": base_url,
        "options": sandbox_options(name, base_url),
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
