"""Requests and replies of a sandbox system, free of the server that carries them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """`url` is the full address as called, for signatures; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    url: str = ""

    def json(self) -> Any:
        """Return the parsed body; ValueError when it is no JSON."""
        return json.loads(self.body) if self.body else None

    @property
    def delivery(self) -> str:
        return self.headers.get("x-netsuite-idempotency-key", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """`drop` closes the connection without an answer; `wait` is seconds before the answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    wait: float = 0.0

    def packed(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()
