"""NetSuite REST: upsert by `eid:` external id, SuiteQL for reading, OAuth 1 or OAuth 2 sign-in."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

from apps.connectors.answers import earlier
from apps.connectors.caller import Ask
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    CatalogObject,
    Change,
    Cursor,
    Failure,
    FailureClass,
    Finding,
    Json,
    Outcome,
    Page,
    ReadFailed,
    Remote,
    Response,
    Write,
)
from apps.connectors.dialects.netsuite_auth import (
    AssertionSigner,
    Signer,
    SigningCaller,
    TokenBasedSigner,
    unsigned,
)
from apps.connectors.dialects.netsuite_lists import address_books
from apps.connectors.dialects.netsuite_words import catalog_object, change, classify, column, sql_text
from apps.connectors.native_ids import NUMBER, possible
from apps.connectors.registry import connector
from apps.connectors.rest import RestConnector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.webhooks import NoWebhooks

_RECORD = "/services/rest/record/v1"
_SUITEQL = "/services/rest/query/v1/suiteql"
_REFERENCES = {
    "parent": "customer",
    "subsidiary": "subsidiary",
    "custrecord_mdm_customer": "customer",
    "custrecord_mdm_subsidiary": "subsidiary",
    "custentity_mdm_engagement": "customrecord_mdm_engagement",
}
_SUBLISTS = ("addressBook", "billingSchedule")
_MOST = 1000  # rows of one SuiteQL answer


@connector("netsuite")
class NetSuiteConnector(NoWebhooks, RestConnector):
    """Options: account, objects, references (field: record type it names); secrets: consumer_key/secret and
    token_id/secret, or client_id, certificate_id and private_key."""

    name = "netsuite"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        scans_lists=True,
        batch_max=1,
        delete_kind="flag",
        change_feed="poll",
        overlap_seconds=120.0,
        idempotency_key=True,
        max_concurrency=4,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        super().__init__(settings, classify, objects=("customer", "job"))
        assertion = bool(settings.secret("private_key"))
        signer: Signer = AssertionSigner(settings, self._http) if assertion else TokenBasedSigner(settings)
        self._caller = SigningCaller(self._http, settings.base_url, classify, unsigned, signer)
        self._key = "externalId"
        self._booleans: dict[str, frozenset[str]] = {}
        self._references = {**_REFERENCES, **settings.options.get("references", {})}

    def _ping(self) -> Ask:
        return Ask("GET", f"{_RECORD}/metadata-catalog")

    def _check_object(self, name: str, answer: Response) -> Finding:
        names = {item.get("name") for item in (answer.json() or {}).get("items", [])}
        return Finding(name, name in names, "" if name in names else "the role cannot see this record type")

    def _described(self, name: str) -> CatalogObject:
        ask = Ask("GET", f"{_RECORD}/metadata-catalog/{quote(name)}", {"Accept": "application/schema+json"})
        return catalog_object(name, self._caller.read(ask).json() or {})

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._fetch(obj, [f"eid:{quote(ext_id, safe='')}" for ext_id in ext_ids])

    def _fetch(self, obj: str, keys: Sequence[str]) -> list[Remote]:
        found = []
        for key in keys:
            path = f"{_RECORD}/{quote(obj)}/{key}"
            ask = Ask("GET", path, params={"expandSubResources": "true"})
            answer = self._caller.read(ask, accept=(404,))
            if answer.status != 404:
                row = answer.json() or {}
                found.append(Remote(row.get("externalId"), str(row["id"]), row.get("lastModifiedDate"), row))
        return found

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        start = f" AND externalid > {sql_text(after.value)}" if after else ""
        where = f"externalid IS NOT NULL{start} ORDER BY externalid"
        changes = self._with_lists(obj, fields, self._select(obj, fields, where, limit))
        last = changes[-1].ext_id if changes else None
        return Page(changes, Cursor(last) if last else after, more=len(changes) == limit)

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._fetch(obj, possible(native_ids, NUMBER))

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        where = "id IS NOT NULL"
        if cursor:
            moment, _, native = cursor.value.partition("|")
            when = sql_text(earlier(moment, overlap))
            where = (
                f"lastmodifieddate >= {when}"
                if overlap
                else f"lastmodifieddate > {when} OR (lastmodifieddate = {when} AND id > {int(native)})"
            )
        changes = self._select(obj, fields, f"{where} ORDER BY lastmodifieddate, id", limit)
        following = Cursor(f"{changes[-1].version}|{changes[-1].native_id}") if changes else cursor
        return Page(changes, following, more=len(changes) == limit)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        path = f"{_RECORD}/{quote(obj)}/{quote(native_id, safe='')}"
        return self._claimed(Ask("PATCH", path, json={"externalId": ext_id}), obj, native_id, ext_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._put(obj, item) for item in items]

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        outcomes = []
        for item in items:
            context = CallContext("PATCH", idempotent=True, obj=obj, ext_id=item.ext_id)
            outcomes.append(self._write("PATCH", item, self._address(obj, item), None, context))
        return outcomes

    def _put(self, obj: str, item: Write) -> Outcome:
        context = CallContext("PUT", idempotent=True, obj=obj, ext_id=item.ext_id)
        lists = [name for name in _SUBLISTS if name in item.payload]
        params = {"replace": ",".join(lists)} if lists else None
        return self._write("PUT", item, self._address(obj, item), params, context)

    def _address(self, obj: str, item: Write) -> str:
        return f"{_RECORD}/{quote(obj)}/eid:{quote(item.ext_id, safe='')}"

    def _write(
        self, method: str, item: Write, path: str, params: Mapping[str, str] | None, context: CallContext
    ) -> Outcome:
        headers = {"X-NetSuite-Idempotency-Key": item.delivery_id} if item.delivery_id else {}
        answer = self._caller.write(Ask(method, path, headers, params, item.payload), context)
        if isinstance(answer, Failure):
            return Outcome.failed(answer)
        native = answer.headers.get("location", "").rsplit("/", 1)[-1] or item.native_id
        # An upsert answers 204 either way: without a known native id it is taken as the first one.
        created = method == "PUT" and item.native_id is None
        return Outcome("created" if created else "updated", native_id=native)

    def _with_lists(self, obj: str, fields: Sequence[str], changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Add the sublists that are asked for: address books through SuiteQL, others record by record."""
        lists = {name.partition(".")[0] for name in fields} & set(_SUBLISTS)
        if not lists or not changes:
            return changes
        found = self._address_books(changes) if lists == {"addressBook"} and obj == "customer" else None
        if found is None:
            with ThreadPoolExecutor(self.caps.max_concurrency) as pool:
                read = pool.map(lambda one: self._fetch(obj, [one.native_id]), changes)
                found = {
                    row.native_id: {n: row.values.get(n) for n in lists} for rows in read for row in rows
                }
        return tuple(replace(one, values={**one.values, **found.get(one.native_id, {})}) for one in changes)

    def _address_books(self, changes: Sequence[Change]) -> dict[str, Json] | None:
        """Return the address books by customer; None where the role may not see their tables."""
        try:
            books = address_books(self._rows, [one.native_id for one in changes])
        except ReadFailed as error:
            if error.failure.cls is not FailureClass.PERMANENT:
                raise
            return None
        return {native: {"addressBook": book} for native, book in books.items()}

    def _ask(self, query: str, *, limit: int = _MOST, offset: int = 0) -> Json:
        params = {"limit": str(limit), "offset": str(offset)}
        answer = self._caller.read(Ask("POST", _SUITEQL, {"Prefer": "transient"}, params, {"q": query}))
        found: Json = answer.json() or {}
        return found

    def _rows(self, query: str) -> list[Json]:
        """Return all rows of a SuiteQL query, page by page."""
        rows: list[Json] = []
        while True:
            body = self._ask(query, offset=len(rows))
            rows.extend(body.get("items", []))
            if not body.get("hasMore"):
                return rows

    def _select(self, obj: str, fields: Sequence[str], where: str, limit: int) -> tuple[Change, ...]:
        """Read columns through SuiteQL; `terms.id` reads the column `terms`, sublists are left out."""
        plain = [name for name in fields if name.partition(".")[0] not in _SUBLISTS and "[" not in name]
        columns = {column(name): name for name in plain if name.count(".") <= 1}
        listed = ", ".join(dict.fromkeys(("id", "externalid", "lastmodifieddate", *columns)))
        rows = self._ask(f"SELECT {listed} FROM {obj.lower()} WHERE {where}", limit=limit).get("items", [])
        flags = self._flags(obj) if rows else frozenset()
        changes = tuple(change(row, columns, flags) for row in rows)
        for name in columns.values():
            if name.endswith(".externalId"):
                self._name_references(name.partition(".")[0], changes)
        return changes

    def _name_references(self, field: str, changes: Sequence[Change]) -> None:
        """Give references the external ids of what they name: SuiteQL shows internal ones."""
        held = [values for one in changes if isinstance(values := one.values.get(field), dict)]
        numbers = sorted({str(values["externalId"]) for values in held})
        if numbers and (table := self._references.get(field)):
            listed = ", ".join(sql_text(number) for number in numbers)
            rows = self._rows(f"SELECT id, externalid FROM {table} WHERE id IN ({listed})")
            keys = {str(row["id"]): row.get("externalid") for row in rows}
            for values in held:
                values["externalId"] = keys.get(str(values["externalId"]))

    def _flags(self, obj: str) -> frozenset[str]:
        """Return the boolean fields of a record type, which SuiteQL writes T and F; read once."""
        if obj not in self._booleans:
            fields = self._described(obj).fields
            self._booleans[obj] = frozenset(one.name for one in fields if one.type == "boolean")
        return self._booleans[obj]
