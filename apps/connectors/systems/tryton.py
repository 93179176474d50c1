"""Tryton over JSON-RPC: find by the hub's id, then create or write under the record's timestamp."""

from collections.abc import Sequence
from typing import Any

from apps.connectors.answers import clock_finding
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
    CatalogField,
    CatalogObject,
    Change,
    Cursor,
    Failure,
    FailureClass,
    Finding,
    Health,
    Json,
    Outcome,
    Page,
    ReadFailed,
    Remote,
    Response,
    Write,
)
from apps.connectors.dialects.tryton_feeds import feed_domain
from apps.connectors.dialects.tryton_records import PLACES, MissingParent, Records
from apps.connectors.dialects.tryton_rpc import Rpc, classify
from apps.connectors.dialects.tryton_values import decoded
from apps.connectors.feeds import Feed, Place, read_feeds
from apps.connectors.http import HttpClient
from apps.connectors.native_ids import NUMBER, possible
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.webhooks import NoWebhooks

_MANY = 100


@connector("tryton")
class TrytonConnector(NoWebhooks):
    """Options: database, context, places (model: where the hub's id stands), defaults (model: values of new
    records), objects; secrets: username, password."""

    name = "tryton"
    version = "1"
    caps = Capabilities(
        native_upsert=False,
        scans_lists=True,
        batch_max=20,
        conditional_write=True,
        change_feed="poll",
        overlap_seconds=60.0,
        max_concurrency=4,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._rpc = Rpc(settings, self._http)
        self._defaults: dict[str, Json] = settings.options.get("defaults", {})
        places = {**PLACES, **settings.options.get("places", {})}
        self._records = Records(self._rpc, places, self._defaults)
        self._objects = tuple(settings.options.get("objects") or ("party.party",))

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        try:
            answer = self._rpc.head()
        except ReadFailed as error:
            return Health((Finding("sign-in", False, error.failure.message),))
        found = [Finding("sign-in", True), clock_finding(answer)]
        for name in self._objects:
            try:
                self._records.search(name, self._records.any_key(name), ["id"], limit=1)
                found.append(Finding(name, True))
            except ReadFailed as error:
                found.append(Finding(name, False, error.failure.message))
        return Health(tuple(found))

    def discover(self) -> Catalog:
        return Catalog(
            tuple(_catalog_object(name, self._rpc.call(name, "fields_get", [])) for name in self._objects)
        )

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        found: list[Remote] = []
        for start in range(0, len(ext_ids), _MANY):
            found.extend(self._read(obj, self._records.with_key(obj, ext_ids[start : start + _MANY]), fields))
        order = {key: place for place, key in enumerate(ext_ids)}
        return sorted(found, key=lambda one: order.get(one.ext_id or "", len(order)))

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        numbers = [int(number) for number in possible(native_ids, NUMBER)]
        return self._read(obj, [["id", "in", numbers]], fields) if numbers else []

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        rest = [["id", ">", int(after.value)]] if after else []
        found = self._read(obj, [*self._records.any_key(obj), *rest], fields, limit, [["id", "ASC"]])
        changes = tuple(_change(one) for one in found)
        last = changes[-1].native_id if changes else None
        return Page(changes, Cursor(last) if last else after, more=len(found) == limit)

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        feeds = [self._feed(obj, column, fields, overlap) for column in ("create_date", "write_date")]
        return read_feeds(cursor, feeds, limit)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        try:
            self._records.claim(obj, int(native_id), ext_id)
        except ReadFailed as error:
            return Outcome.failed(error.failure)
        return Outcome("updated", native_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return self._write(obj, items, create=True)

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return self._write(obj, items, create=False)

    def _read(
        self, obj: str, domain: list[Any], fields: Sequence[str], limit: int | None = None, order: Any = None
    ) -> list[Remote]:
        columns = self._records.columns(obj, fields)
        rows = self._records.search(obj, domain, columns, limit=limit, order=order)
        return self._records.remotes(obj, rows, fields)

    def _feed(self, obj: str, column: str, fields: Sequence[str], overlap: float) -> Feed:
        def read(place: Place | None, limit: int) -> list[tuple[Place, Change]]:
            columns = self._records.columns(obj, fields)
            domain = feed_domain(column, place, overlap)
            order = [[column, "ASC"], ["id", "ASC"]]
            rows = self._records.search(obj, domain, columns, limit=limit, order=order)
            remotes = self._records.remotes(obj, rows, fields)
            return [
                ([decoded(row[column]), str(row["id"])], _change(one))
                for row, one in zip(rows, remotes, strict=True)
            ]

        return read

    def _write(self, obj: str, items: Sequence[Write], *, create: bool) -> list[Outcome]:
        lists = sorted(
            {name for item in items for name, value in item.payload.items() if isinstance(value, list)}
        )
        try:
            there = {one.ext_id: one for one in self.fetch(obj, [item.ext_id for item in items], lists)}
        except ReadFailed as error:
            return [Outcome.failed(error.failure)] * len(items)
        outcomes = [self._write_one(obj, item, there.get(item.ext_id), create=create) for item in items]
        return self._with_versions(obj, outcomes)

    def _write_one(self, obj: str, item: Write, known: Remote | None, *, create: bool) -> Outcome:
        if known is None and not create:
            text = f"there is no {obj} to change"
            return Outcome.failed(Failure(FailureClass.MISSING_DEPENDENCY, "NO_RECORD", text))
        try:
            body = self._records.body(obj, item.payload, known.values if known else None)
            if known is None:
                whole = self._records.keyed(obj, item.ext_id, {**self._defaults.get(obj, {}), **body})
                (number,) = self._rpc.call(obj, "create", [whole], idempotent=False)
                return Outcome("created", str(number))
            version = item.expect_version or known.version
            stamps = {f"{obj},{known.native_id}": version} if version else {}
            self._rpc.call(obj, "write", [int(known.native_id)], body, _timestamp=stamps)
            return Outcome("updated", known.native_id)
        except MissingParent as missing:
            return Outcome.failed(missing.failure)
        except ReadFailed as error:
            return Outcome.failed(error.failure)

    def _with_versions(self, obj: str, outcomes: list[Outcome]) -> list[Outcome]:
        """Add the timestamps that the writes left; without them the next write just looks first."""
        numbers = [int(one.native_id) for one in outcomes if one.ok and one.native_id]
        if not numbers:
            return outcomes
        try:
            rows = self._rpc.call(obj, "read", numbers, ["_timestamp"])
        except ReadFailed:
            return outcomes
        stamps = {str(row["id"]): row.get("_timestamp") for row in rows}
        return [
            Outcome(one.status, one.native_id, stamps.get(one.native_id or "")) if one.ok else one
            for one in outcomes
        ]


def _change(one: Remote) -> Change:
    return Change(one.native_id, one.version, one.values, one.ext_id)


def _catalog_object(name: str, fields: dict[str, dict[str, Any]]) -> CatalogObject:
    return CatalogObject(
        name,
        name,
        tuple(
            CatalogField(
                name=field,
                type=str(spec.get("type", "char")),
                required=bool(spec.get("required")),
                max_length=spec.get("size") if isinstance(spec.get("size"), int) else None,
                writable=not spec.get("readonly", False),
                external_id=field == PLACES.get(name, "").partition(".")[0],
                reference_to=(str(spec["relation"]),) if spec.get("relation") else (),
            )
            for field, spec in fields.items()
        ),
    )
