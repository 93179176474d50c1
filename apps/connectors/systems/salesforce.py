"""Salesforce REST: native upsert by an external-id field, SOQL for reading, client-credentials sign-in."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from apps.connectors.answers import earlier
from apps.connectors.caller import Ask
from apps.connectors.contracts import (
    Bucket,
    CallContext,
    Capabilities,
    CatalogObject,
    Change,
    Cursor,
    Failure,
    Finding,
    Json,
    Outcome,
    Page,
    Remote,
    Response,
    Write,
)
from apps.connectors.dialects.salesforce_auth import OrgCaller, sign_in
from apps.connectors.dialects.salesforce_webhooks import RelayedChanges
from apps.connectors.dialects.salesforce_words import catalog_object, classify, http_date, soql_text
from apps.connectors.native_ids import SALESFORCE, possible
from apps.connectors.oauth import bearer
from apps.connectors.registry import connector
from apps.connectors.rest import RestConnector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import TokenCache
from apps.connectors.webhooks import INBOUND


@connector("salesforce")
class SalesforceConnector(RelayedChanges, RestConnector):
    """Options: api_version, external_id_field, objects, username and audience for JWT; secrets: client_id and
    client_secret, or client_id and private_key; inbound_secret for change events that a relay passes on."""

    name = "salesforce"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=200,
        conditional_write=True,
        delete_kind="flag",
        change_feed="poll",
        overlap_seconds=120.0,
        deletes_visible=True,
        webhooks_by=INBOUND,
        max_concurrency=8,
        rate=Bucket(25, 1.0),
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        super().__init__(settings, classify, objects=("Account", "Opportunity"))
        tokens = TokenCache(lambda: sign_in(settings, self._http))
        self._caller = OrgCaller(self._http, settings.base_url, classify, bearer(tokens), tokens)
        self._api = f"/services/data/{settings.option('api_version', 'v62.0')}"
        self._key = settings.option("external_id_field", "MDM_Id__c")

    def _ping(self) -> Ask:
        return Ask("GET", f"{self._api}/limits")

    def _told_by(self, answer: Response) -> tuple[Finding, ...]:
        return (Finding("limits", True, answer.headers.get("sforce-limit-info", "")),)

    def _described(self, name: str) -> CatalogObject:
        return catalog_object(self._read(f"{self._api}/sobjects/{quote(name)}/describe").json() or {})

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._fetch(obj, self._key, ext_ids, fields)

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._fetch(obj, "Id", possible(native_ids, SALESFORCE), fields)

    def _fetch(self, obj: str, column: str, wanted: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        found: list[Remote] = []
        for start in range(0, len(wanted), 100):
            keys = ", ".join(soql_text(key) for key in wanted[start : start + 100])
            query = f"SELECT {self._columns(fields)} FROM {obj} WHERE {column} IN ({keys})"
            found.extend(self._remote(row) for row in self._query(query))
        return found

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        rest = f" AND {self._key} > {soql_text(after.value)}" if after else ""
        query = (
            f"SELECT {self._columns(fields)} FROM {obj} WHERE {self._key} != null{rest}"
            f" ORDER BY {self._key} LIMIT {limit}"
        )
        rows = self._query(query)
        changes = tuple(self._change(row) for row in rows)
        last = changes[-1].ext_id if changes else None
        return Page(changes, Cursor(last) if last else after, more=len(rows) == limit)

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        rest = ""
        if cursor:
            moment, _, native = cursor.value.partition("|")
            same = f"(SystemModstamp = {moment} AND Id > {soql_text(native)})"
            rest = (
                f" WHERE SystemModstamp >= {earlier(moment, overlap)}"
                if overlap
                else f" WHERE SystemModstamp > {moment} OR {same}"
            )
        columns = self._columns(("IsDeleted", *fields))
        query = f"SELECT {columns} FROM {obj}{rest} ORDER BY SystemModstamp, Id LIMIT {limit}"
        rows = self._query(query, everything=True)
        changes = tuple(self._change(row) for row in rows)
        following = Cursor(f"{changes[-1].version}|{changes[-1].native_id}") if changes else cursor
        return Page(changes, following, more=len(rows) == limit)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        path = f"{self._api}/sobjects/{quote(obj)}/{quote(native_id, safe='')}"
        return self._claimed(Ask("PATCH", path, json={self._key: ext_id}), obj, native_id, ext_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        if len(items) == 1:
            return [self._upsert_one(obj, items[0], update_only=False)]
        return self._in_batches(items, lambda some: self._upsert_many(obj, some))

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._upsert_one(obj, item, update_only=True) for item in items]

    def _upsert_one(self, obj: str, item: Write, *, update_only: bool) -> Outcome:
        path = f"{self._api}/sobjects/{quote(obj)}/{self._key}/{quote(item.ext_id, safe='')}"
        headers = {"If-Unmodified-Since": http_date(item.expect_version)} if item.expect_version else {}
        ask = Ask("PATCH", path, headers, {"updateOnly": "true"} if update_only else None, item.payload)
        answer = self._caller.write(ask, CallContext("PATCH", obj=obj, ext_id=item.ext_id))
        if isinstance(answer, Failure):
            return Outcome.failed(answer)
        body = answer.json() or {}
        created = answer.status == 201 or bool(body.get("created"))
        return Outcome("created" if created else "updated", native_id=body.get("id") or item.native_id)

    def _upsert_many(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        context = CallContext("PATCH", obj=obj)
        records = [{"attributes": {"type": obj}, self._key: item.ext_id, **item.payload} for item in items]
        path = f"{self._api}/composite/sobjects/{quote(obj)}/{self._key}"
        answer = self._caller.write(
            Ask("PATCH", path, json={"allOrNone": False, "records": records}), context
        )
        if isinstance(answer, Failure):
            return [Outcome.failed(answer)] * len(items)
        results = answer.json()
        if not isinstance(results, list) or len(results) != len(items):
            return [Outcome.failed(classify(answer, context))] * len(items)
        return [self._item_outcome(result, item) for result, item in zip(results, items, strict=True)]

    def _item_outcome(self, result: Json, item: Write) -> Outcome:
        if result.get("success"):
            return Outcome("created" if result.get("created") else "updated", native_id=result.get("id"))
        single = Response.of(400, {}, result.get("errors") or [{}])
        return Outcome.failed(classify(single, CallContext("PATCH", ext_id=item.ext_id)))

    def _query(self, query: str, *, everything: bool = False) -> list[Json]:
        path = f"{self._api}/{'queryAll' if everything else 'query'}"
        answer = self._read(path, {"q": query})
        rows: list[Json] = []
        while True:
            body = answer.json() or {}
            rows.extend(body.get("records", []))
            if body.get("done", True):
                return rows
            answer = self._read(body["nextRecordsUrl"])

    def _read(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        return self._caller.read(Ask("GET", path, params=params))

    def _columns(self, fields: Sequence[str]) -> str:
        return ", ".join(dict.fromkeys(("Id", self._key, "SystemModstamp", *fields)))

    def _remote(self, row: Json) -> Remote:
        values = {name: value for name, value in row.items() if name != "attributes"}
        return Remote(row.get(self._key), row["Id"], row.get("SystemModstamp"), values)

    def _change(self, row: Json) -> Change:
        remote = self._remote(row)
        return Change(
            remote.native_id, remote.version, remote.values, remote.ext_id, deleted=bool(row.get("IsDeleted"))
        )
