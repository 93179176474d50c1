"""Calls of the hub's API that are repeated until they are answered: the web server may die at any moment."""

import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAUSE = 0.3


def token_of(state: Path, name: str) -> Path:
    """The file of an API token."""
    return state / f"token-{name}"


def ghosts_of(state: Path) -> Path:
    """The file that counts what was rolled back on purpose."""
    return state / "ghosts"


def end_of(state: Path) -> Path:
    """The file whose presence tells writers to stop."""
    return state / "over"


class TimesUp(Exception):
    """The series ended before an answer came."""


@dataclass(frozen=True, slots=True)
class Api:
    """`state` is the home of the series."""

    address: str
    token: str
    state: Path

    def over(self) -> bool:
        """Tell whether the series has ended."""
        return end_of(self.state).exists()

    def get(self, path: str) -> Any:
        return self._ask(path, None, "")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post under one idempotency key until it is answered. A conflict is an answer: someone was first."""
        return self._ask(path, json.dumps(body).encode(), str(uuid.uuid4()))

    def _ask(self, path: str, content: bytes | None, key: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        while not self.over():
            request = urllib.request.Request(f"{self.address}/api/v1{path}", content, headers)  # noqa: S310 - our own loopback address
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own loopback address
                    return json.load(answer)
            except urllib.error.HTTPError as problem:
                said = json.load(problem) if problem.code < 500 else {}
                if problem.code == 409 and said.get("code") != "request_in_flight":
                    return said
                if problem.code not in (409, 429) and problem.code < 500:
                    raise RuntimeError(f"{path}: {problem.code} {said}") from None
            except (OSError, ValueError):
                pass
            time.sleep(PAUSE)
        raise TimesUp
