"""What a connector is built from: the address and the secrets of one connection, never shown in full."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: How brokers are reached: encrypted, or plainly on this machine.
BROKER_SCHEMES: Mapping[str, str] = {"amqps": "amqp", "rediss": "redis"}


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """`secrets` stay out of repr; `allowed_hosts` always holds the host of `base_url`.

    `private_hosts` are names that may have addresses of a private network; the environment alone sets them.
    """

    code: str
    base_url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    sandbox: bool = False
    extra_hosts: tuple[str, ...] = ()
    private_hosts: frozenset[str] = frozenset()

    @property
    def allowed_hosts(self) -> frozenset[str]:
        own = (urlsplit(self.base_url).hostname or "").lower()
        return frozenset({own, *(host.lower() for host in self.extra_hosts)} - {""})

    def option(self, name: str, default: str = "") -> str:
        value = self.options.get(name, default)
        return str(value) if value is not None else default

    def read_seconds(self, default: float) -> float:
        """Return how long to wait for the target: the option `read_seconds`, at most two minutes."""
        return min(float(self.options.get("read_seconds") or default), 120.0)

    def secret(self, name: str) -> str:
        return self.secrets.get(name, "")
