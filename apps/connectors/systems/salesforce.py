"""Salesforce REST: native upsert by an external-id field, SOQL for reading, client-credentials sign-in."""

import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from apps.connectors.answers import (
    class_of_status,
    clock_finding,
    earlier,
    failure_of_exception,
    failure_of_response,
)
from apps.connectors.contracts import (
    Bucket,
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
from apps.connectors.http import HttpClient, TransportFailure
from apps.connectors.native_ids import SALESFORCE, possible
from apps.connectors.registry import connector
from apps.connectors.salesforce_auth import sign_in
from apps.connectors.salesforce_webhooks import RelayedChanges
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import SignInFailed, Token, TokenCache, with_fresh_token

_CODES = {
    "UNABLE_TO_LOCK_ROW": FailureClass.TRANSIENT,
    "SERVER_UNAVAILABLE": FailureClass.TRANSIENT,
    "REQUEST_RUNNING_TOO_LONG": FailureClass.TRANSIENT,
    "QUERY_TIMEOUT": FailureClass.TRANSIENT,
    "REQUEST_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "STORAGE_LIMIT_EXCEEDED": FailureClass.PERMANENT_CONFIG,
    "INVALID_SESSION_ID": FailureClass.AUTH_REFRESH,
    "INVALID_AUTH_HEADER": FailureClass.AUTH_REFRESH,
    "DUPLICATES_DETECTED": FailureClass.CONFLICT_REVIEW,
    "DUPLICATE_VALUE": FailureClass.CONFLICT_REVIEW,
    "DUPLICATE_EXTERNAL_ID": FailureClass.CONFLICT_REVIEW,
    "INVALID_CROSS_REFERENCE_KEY": FailureClass.MISSING_DEPENDENCY,
    "ENTITY_IS_DELETED": FailureClass.CONFLICT_REVIEW,
    "ENTITY_IS_LOCKED": FailureClass.BUSINESS_BLOCK,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": FailureClass.BUSINESS_BLOCK,
    "INSUFFICIENT_ACCESS_OR_READONLY": FailureClass.PERMANENT_CONFIG,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": FailureClass.PERMANENT_CONFIG,
    "API_DISABLED_FOR_ORG": FailureClass.PERMANENT_CONFIG,
    "API_CURRENTLY_DISABLED": FailureClass.TRANSIENT,
    "REQUIRED_FIELD_MISSING": FailureClass.PERMANENT,
}
# How Salesforce says that the external id of a parent is unknown: the code alone does not tell.
_NO_PARENT = "Foreign key external ID"
_PAUSE = 300.0  # seconds to wait after the daily limit, which names no time itself


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    if answer.ok and isinstance(body, list) and any(not item.get("success", True) for item in body):
        return failure_of_response(answer, FailureClass.PER_RECORD, "PARTIAL", "some of the records failed")
    if answer.status == 300:
        return failure_of_response(
            answer, FailureClass.CONFLICT_REVIEW, "AMBIGUOUS_KEY", f"several records carry {context.ext_id}"
        )
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    code = str(first.get("errorCode") or first.get("statusCode") or f"HTTP_{answer.status}")
    fields = first.get("fields") or [None]
    cls = _CODES.get(code, class_of_status(answer.status))
    if code == "INVALID_FIELD" and str(first.get("message", "")).startswith(_NO_PARENT):
        cls = FailureClass.MISSING_DEPENDENCY
    failure = failure_of_response(answer, cls, code, str(first.get("message", "")), field=fields[0])
    return _with_pause(failure)


def _with_pause(failure: Failure) -> Failure:
    if failure.cls is not FailureClass.RATE_LIMITED or failure.retry_after is not None:
        return failure
    return replace(failure, retry_after=_PAUSE)


def soql_text(value: str) -> str:
    """Return a SOQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@connector("salesforce")
class SalesforceConnector(RelayedChanges):
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
        webhooks_by="inbound_secret",
        max_concurrency=8,
        rate=Bucket(25, 1.0),
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._tokens = TokenCache(lambda: sign_in(settings, self._http))
        self._api = f"/services/data/{settings.option('api_version', 'v62.0')}"
        self._key = settings.option("external_id_field", "MDM_Id__c")
        self._objects = tuple(settings.options.get("objects") or ("Account", "Opportunity"))

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        context = CallContext()
        try:
            answer = self._call("GET", f"{self._api}/limits")
        except (TransportFailure, SignInFailed) as error:
            return Health((Finding("sign-in", False, classify(error, context).message),))
        if not answer.ok:
            return Health((Finding("sign-in", False, classify(answer, context).message),))
        findings = [
            Finding("sign-in", True),
            Finding("limits", True, answer.headers.get("sforce-limit-info", "")),
        ]
        findings.append(clock_finding(answer))
        findings.extend(self._check_object(name) for name in self._objects)
        return Health(tuple(findings))

    def discover(self) -> Catalog:
        described = []
        for name in self._objects:
            answer = self._read(f"{self._api}/sobjects/{quote(name)}/describe")
            described.append(_catalog_object(answer.json()))
        return Catalog(tuple(described))

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
        context = CallContext("PATCH", idempotent=True, obj=obj, ext_id=ext_id)
        path = f"{self._api}/sobjects/{quote(obj)}/{quote(native_id, safe='')}"
        try:
            answer = self._call("PATCH", path, json={self._key: ext_id})
        except (TransportFailure, SignInFailed) as error:
            return Outcome.failed(classify(error, context))
        return Outcome("updated", native_id) if answer.ok else Outcome.failed(classify(answer, context))

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        if len(items) == 1:
            return [self._upsert_one(obj, items[0], update_only=False)]
        outcomes: list[Outcome] = []
        for start in range(0, len(items), self.caps.batch_max):
            outcomes.extend(self._upsert_many(obj, items[start : start + self.caps.batch_max]))
        return outcomes

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._upsert_one(obj, item, update_only=True) for item in items]

    def _upsert_one(self, obj: str, item: Write, *, update_only: bool) -> Outcome:
        context = CallContext("PATCH", idempotent=True, obj=obj, ext_id=item.ext_id)
        path = f"{self._api}/sobjects/{quote(obj)}/{self._key}/{quote(item.ext_id, safe='')}"
        headers = {"If-Unmodified-Since": _http_date(item.expect_version)} if item.expect_version else {}
        params = {"updateOnly": "true"} if update_only else None
        try:
            answer = self._call("PATCH", path, headers=headers, params=params, json=item.payload)
        except (TransportFailure, SignInFailed) as error:
            return Outcome.failed(classify(error, context))
        if not answer.ok:
            return Outcome.failed(classify(answer, context))
        body = answer.json() or {}
        created = answer.status == 201 or bool(body.get("created"))
        return Outcome("created" if created else "updated", native_id=body.get("id") or item.native_id)

    def _upsert_many(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        context = CallContext("PATCH", idempotent=True, obj=obj)
        records = [{"attributes": {"type": obj}, self._key: item.ext_id, **item.payload} for item in items]
        path = f"{self._api}/composite/sobjects/{quote(obj)}/{self._key}"
        try:
            answer = self._call("PATCH", path, json={"allOrNone": False, "records": records})
        except (TransportFailure, SignInFailed) as error:
            return [Outcome.failed(classify(error, context))] * len(items)
        results = answer.json()
        if not answer.ok or not isinstance(results, list) or len(results) != len(items):
            return [Outcome.failed(classify(answer, context))] * len(items)
        return [self._item_outcome(result, item) for result, item in zip(results, items, strict=True)]

    def _item_outcome(self, result: Json, item: Write) -> Outcome:
        if result.get("success"):
            return Outcome("created" if result.get("created") else "updated", native_id=result.get("id"))
        single = Response.of(400, {}, result.get("errors") or [{}])
        return Outcome.failed(classify(single, CallContext("PATCH", ext_id=item.ext_id)))

    def _check_object(self, name: str) -> Finding:
        answer = self._call("GET", f"{self._api}/sobjects/{quote(name)}/describe")
        if not answer.ok:
            return Finding(name, False, classify(answer, CallContext(obj=name)).message)
        field = _catalog_object(answer.json()).field(self._key)
        if field is None or not field.external_id:
            return Finding(name, False, f"{self._key} is missing or no external id")
        return Finding(name, True)

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Response:
        """Call with the present token; when it is refused, once more with a new one."""

        def send(token: Token) -> Response:
            base = token.facts.get("instance_url") or self._settings.base_url
            signed = {"Authorization": f"Bearer {token.value}", **(headers or {})}
            return self._http.request(
                method, base.rstrip("/") + path, headers=signed, params=params, json=json
            )

        return with_fresh_token(self._tokens, send)

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
        """Return a good answer to a GET; ReadFailed otherwise."""
        try:
            answer = self._call("GET", path, params=params)
        except (TransportFailure, SignInFailed) as error:
            raise ReadFailed(classify(error, CallContext())) from error
        if not answer.ok:
            raise ReadFailed(classify(answer, CallContext()))
        return answer

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


def _http_date(version: str) -> str:
    moment = datetime.fromisoformat(version.replace("+0000", "+00:00").replace("Z", "+00:00"))
    return email.utils.format_datetime(moment.astimezone(UTC), usegmt=True)


def _catalog_object(described: Mapping[str, Any]) -> CatalogObject:
    fields = tuple(
        CatalogField(
            name=field["name"],
            type=field.get("type", "string"),
            required=not field.get("nillable", True) and not field.get("defaultedOnCreate", False),
            max_length=field.get("length") or None,
            writable=bool(field.get("updateable", True)),
            external_id=bool(field.get("externalId")),
            reference_to=tuple(field.get("referenceTo", ())),
        )
        for field in described.get("fields", ())
    )
    relations = tuple(
        CatalogField(
            name=field["relationshipName"], type="relation", reference_to=tuple(field.get("referenceTo", ()))
        )
        for field in described.get("fields", ())
        if field.get("relationshipName")
    )
    return CatalogObject(described["name"], described.get("label", described["name"]), fields + relations)
