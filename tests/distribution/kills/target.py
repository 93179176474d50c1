"""A sandbox target that keeps every value it was ever given: `python -m …kills.target NAME PORT FILE`."""

import json
import sys
from typing import Any

from apps.connectors.sandbox.running import SANDBOXES, default_options, default_secrets
from apps.connectors.sandbox.server import SandboxServer
from apps.connectors.sandbox.store import Row, Store

APPLIED = """
CREATE TABLE IF NOT EXISTS applied (seq INTEGER PRIMARY KEY AUTOINCREMENT, obj TEXT NOT NULL, ext_id TEXT,
    verb TEXT NOT NULL, delivery TEXT NOT NULL, body TEXT NOT NULL)
"""


class RecordingStore(Store):
    """Writes down the whole record after each write, in the same transaction."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._run(APPLIED)

    def insert(self, obj: str, body: dict[str, Any], **more: Any) -> Row:
        with self.transaction():
            row = super().insert(obj, body, **more)
            self._apply(row, "created", more.get("delivery", ""))
        return row

    def update(self, row: Row, changes: dict[str, Any], **more: Any) -> Row:
        with self.transaction():
            written = super().update(row, changes, **more)
            verb = "updated" if written.version > row.version else "unchanged"
            self._apply(written, verb, more.get("delivery", ""))
        return written

    def _apply(self, row: Row, verb: str, delivery: str) -> None:
        self._run(
            "INSERT INTO applied (obj, ext_id, verb, delivery, body) VALUES (?, ?, ?, ?, ?)",
            row.obj, row.ext_id, verb, delivery, json.dumps(row.body),
        )  # fmt: skip


def main(name: str, port: int, path: str) -> None:
    keys = {**default_secrets(name), "account": str(default_options(name).get("account", ""))}
    SandboxServer(SANDBOXES.get(name)(RecordingStore(path), keys), port).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
