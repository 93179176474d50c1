"""Connectors by name: `@connector("salesforce")` on a class in `systems/` is all it takes."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from apps.connectors.contracts import Connector
from apps.connectors.settings import ConnectorSettings
from apps.core.registry import Registry


class ConnectorFactory(Protocol):
    def __call__(self, settings: ConnectorSettings) -> Connector: ...


CONNECTORS: Registry[ConnectorFactory] = Registry("connector")

F = TypeVar("F", bound=ConnectorFactory)


def connector(name: str) -> Callable[[F], F]:
    """Register the class below under the name that `Connection.kind` holds."""

    def decorate(cls: F) -> F:
        CONNECTORS.add(name, cls)
        return cls

    return decorate
