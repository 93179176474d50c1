"""What all sandbox systems share: faults around writes and reads, control addresses, the page."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from apps.connectors.sandbox.faults import BEFORE_WRITE, ON_READ, Fault, Faults
from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.page import render_page
from apps.connectors.sandbox.schema import ObjectType
from apps.connectors.sandbox.sender import Happened, Packed, Sender, changed_by
from apps.connectors.sandbox.sending import PACKERS
from apps.connectors.sandbox.store import Row, Store


class SandboxSystem(ABC):
    """One vendor's API over a store. Subclasses answer the vendor's addresses in the vendor's words."""

    name: str
    title: str
    objects: dict[str, ObjectType]

    def __init__(self, store: Store, secrets: dict[str, str]) -> None:
        self.store = store
        self.secrets = secrets
        self.faults = Faults()
        self.sender = Sender(self._webhook)
        store.listener = self.sender.heard

    def _webhook(self, happened: Happened, url: str, attempt: int) -> Packed | None:
        return PACKERS[self.name](self.secrets, happened, url, attempt)

    def connection_url(self, base_url: str) -> str:
        """Return the address that a connection to this system holds; `base_url` is that of the HTTP server."""
        return base_url

    def close(self) -> None:
        self.sender.close()
        self.store.close()

    def answer(self, request: Request) -> Reply:
        """Answer any request; control addresses begin with two underscores."""
        if request.path == "/" and request.method == "GET":
            return Reply(200, render_page(self, request.query), {"Content-Type": "text/html; charset=utf-8"})
        if request.path.startswith("/__"):
            return self._control(request)
        mark = changed_by.set("api")
        try:
            return self.serve(request)
        finally:
            changed_by.reset(mark)

    @abstractmethod
    def serve(self, request: Request) -> Reply:
        """Answer an address of the vendor's API."""

    @abstractmethod
    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        """Return the vendor's envelope for an armed fault."""

    def before_write(self, obj: str, ext_id: str) -> Reply | None:
        """Return the reply of a fault that keeps a write from happening."""
        fault = self.faults.take(BEFORE_WRITE, obj, ext_id)
        if fault is None:
            return None
        if fault.kind == "refuse":
            return Reply(0, drop=True)
        if fault.kind == "hang":
            seconds = float(fault.options.get("seconds", 60))
            return Reply(504, "upstream timed out", wait=seconds)
        if fault.kind == "answer":
            options = fault.options
            return Reply(int(options.get("status", 500)), options.get("body"), options.get("headers", {}))
        return self.fault_reply(fault.kind, fault.options)

    def after_write(self, row: Row, reply: Reply) -> Reply:
        """Return the reply of a write that was done, or what a fault makes of it."""
        silent = self.faults.take(frozenset({"silent_change"}), row.obj, row.ext_id or "")
        if silent is not None:
            self.store.change_silently(row, {str(silent.options["field"]): silent.options.get("value")})
        if self.faults.take(frozenset({"drop"}), row.obj, row.ext_id or "") is not None:
            return Reply(0, drop=True)
        return reply

    def as_read(self, row: Row) -> Row:
        """Return a record as a reader sees it: possibly as it was before the last write."""
        if row.previous is not None and self.faults.take(ON_READ, row.obj, row.ext_id or ""):
            return Row(
                row.obj, row.native_id, row.ext_id, row.previous, None, row.version - 1, row.created_at,
                row.created_at, row.deleted,
            )  # fmt: skip
        return row

    def _control(self, request: Request) -> Reply:
        if request.path == "/__fault__":
            return self._fault(request)
        if request.path == "/__webhook__":
            return self._arm_webhooks(request)
        if request.path == "/__edit__" and request.method == "POST":
            return self._edit(request)
        if request.path == "/__journal__":
            effects = self.store.effects(
                obj=request.query.get("obj", ""), ext_id=request.query.get("ext_id", "")
            )
            return Reply(200, [asdict(effect) for effect in effects])
        if request.path == "/__state__":
            return Reply(200, {"system": self.name, "objects": self.store.counts()})
        if request.path == "/__reset__" and request.method == "POST":
            self.reset()
            return Reply(200, {"reset": True})
        return Reply(404, {"error": "no such control address"})

    def _arm_webhooks(self, request: Request) -> Reply:
        """Have every change told to an address on this machine; a GET tells how that goes, a DELETE ends it."""
        if request.method == "POST":
            if self.name not in PACKERS:
                return Reply(400, {"error": f"{self.title} sends no webhooks"})
            self.sender.arm(str((request.json() or {}).get("url", "")))
        elif request.method == "DELETE":
            self.sender.arm("")
        return Reply(200, {"url": self.sender.url, "answers": [one.status for one in self.sender.sent[-20:]]})

    def _edit(self, request: Request) -> Reply:
        """Change a record as somebody who works in the system does."""
        asked = request.json() or {}
        row = self.store.find(
            str(asked.get("obj")), ext_id=asked.get("ext_id"), native_id=asked.get("native_id")
        )
        if row is None:
            return Reply(404, {"error": "there is no such record"})
        return Reply(200, asdict(self.store.update(row, dict(asked.get("values") or {}))))

    def _fault(self, request: Request) -> Reply:
        if request.method == "GET":
            return Reply(200, [fault.described() for fault in self.faults.armed()])
        if request.method == "DELETE":
            self.faults.clear()
            return Reply(200, {"cleared": True})
        try:
            fault = self.arm(request.json() or {})
        except (ValueError, TypeError, AttributeError) as error:
            return Reply(400, {"error": str(error)})
        return Reply(200, fault.described())

    def arm(self, described: dict[str, Any]) -> Fault:
        """Arm a fault, or do at once what it says; ValueError for an unknown kind."""
        fault = self.faults.arm(described)
        if fault.kind == "token_expiry":
            self.expire_tokens()
        if fault.kind == "feed_expiry":
            self.expire_feeds()
        if fault.kind == "delete" and (row := self.store.find(fault.obj, ext_id=fault.ext_id)):
            self.store.delete(row)
        return fault

    def reset(self) -> None:
        """Forget everything."""
        self.store.clear()
        self.faults.clear()
        self.sender.arm("")
        self.expire_feeds()

    def expire_tokens(self) -> None:
        self.store.expire_tokens()

    def expire_feeds(self) -> None:
        """Forget the places that change feeds gave out; systems whose feeds are queries have none."""
        return
