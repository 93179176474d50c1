"""A target inside this process that takes everything at once, or that has died: what is left is the hub's own work."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
    Cursor,
    Failure,
    FailureClass,
    Health,
    Outcome,
    Page,
    Remote,
    Response,
    Write,
)
from apps.connectors.registry import CONNECTORS
from apps.connectors.webhooks import NoWebhooks

KIND = "bench_instant"
DEAD_SECONDS = 2.0
"""How long a dead target lets a caller wait."""


class InstantConnector(NoWebhooks):
    """Options: `dead`, no call is ever answered; `calls`, a file that is told of each write when its call begins."""

    name = KIND
    version = "1"
    caps = Capabilities(native_upsert=True, batch_max=200, max_concurrency=8, change_feed="none")

    def __init__(self, settings: Any) -> None:
        self._dead = bool(settings.options.get("dead"))
        self._calls = str(settings.options.get("calls") or "")

    def check(self) -> Health:
        return Health(())

    def discover(self) -> Catalog:
        return Catalog(())

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        self._wait()
        return []

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return []

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        return Page((), after, more=False)

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        return Page((), cursor, more=False)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        return Outcome("updated", native_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        if self._calls:
            now = time.time()
            with Path(self._calls).open("a") as told:
                told.write("".join(f"{item.ext_id} {item.seq} {now}\n" for item in items))
        self._wait()
        if self._dead:
            lost = Failure(FailureClass.TRANSIENT, "timeout", "no answer")
            return [Outcome.failed(lost)] * len(items)
        return [Outcome("updated" if item.native_id else "created", f"N{item.ext_id}") for item in items]

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return self.upsert(obj, items)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return Failure(FailureClass.TRANSIENT, "unexpected", str(answer)[:200])

    def close(self) -> None:
        """There is no connection to give back."""

    def _wait(self) -> None:
        if self._dead:
            time.sleep(DEAD_SECONDS)


CONNECTORS.add(KIND, InstantConnector)
