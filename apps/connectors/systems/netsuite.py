"""NetSuite REST: upsert by `eid:` external id, SuiteQL for reading, OAuth 1 or OAuth 2 sign-in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from apps.connectors.native_ids import NUMBER, possible
from apps.connectors.netsuite_auth import AssertionSigner, Signer, TokenBasedSigner
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import SignInFailed
from apps.connectors.webhooks import NoWebhooks

_RECORD = "/services/rest/record/v1"
_SUITEQL = "/services/rest/query/v1/suiteql"
_CODES = {
    "CONCURRENCY_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "SSS_REQUEST_LIMIT_EXCEEDED": FailureClass.RATE_LIMITED,
    "IDEMPOTENCY_ERROR": FailureClass.ALREADY_SUBMITTED,
    "RCRD_HAS_BEEN_CHANGED": FailureClass.STALE,
    "INVALID_LOGIN": FailureClass.AUTH_REFRESH,
    "INVALID_LOGIN_ATTEMPT": FailureClass.AUTH_REFRESH,
    "INSUFFICIENT_PERMISSION": FailureClass.PERMANENT_CONFIG,
    "INVALID_KEY_OR_REF": FailureClass.MISSING_DEPENDENCY,
    "NONEXISTENT_ID": FailureClass.MISSING_DEPENDENCY,
    "DUP_ENTITY": FailureClass.CONFLICT_REVIEW,
    "DUP_RCRD": FailureClass.CONFLICT_REVIEW,
    "UNEXPECTED_ERROR": FailureClass.TRANSIENT,
    "RECORD_LOCKED": FailureClass.TRANSIENT,
}
# USER_ERROR is a catch-all: only its text tells.
_USER_ERRORS = (
    ("already exists", FailureClass.CONFLICT_REVIEW),
    ("locked by a user defined workflow", FailureClass.BUSINESS_BLOCK),
    ("period is closed", FailureClass.BUSINESS_BLOCK),
    ("invalid reference key", FailureClass.MISSING_DEPENDENCY),
)
_SUBLISTS = ("addressBook", "billingSchedule")
_PAUSE = 5.0  # concurrency governance names no time: a short wait is enough


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    details = body.get("o:errorDetails") if isinstance(body, dict) else None
    first: Mapping[str, Any] = details[0] if isinstance(details, list) and details else {}
    code = str(first.get("o:errorCode") or f"HTTP_{answer.status}")
    message = str(first.get("detail") or (body.get("title", "") if isinstance(body, dict) else ""))
    cls = _CODES.get(code, class_of_status(answer.status))
    if code == "USER_ERROR":
        lowered = message.lower()
        cls = next((known for text, known in _USER_ERRORS if text in lowered), FailureClass.PERMANENT)
    failure = failure_of_response(answer, cls, code, message, field=first.get("o:errorPath"))
    if cls is FailureClass.RATE_LIMITED and failure.retry_after is None:
        return replace(failure, retry_after=_PAUSE)
    return failure


def sql_text(value: str) -> str:
    """Return a SuiteQL string literal."""
    return "'" + value.replace("'", "''") + "'"


@connector("netsuite")
class NetSuiteConnector(NoWebhooks):
    """Options: account, objects; secrets: consumer_key/secret and token_id/secret, or client_id,
    certificate_id and private_key."""

    name = "netsuite"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=1,
        delete_kind="flag",
        change_feed="poll",
        overlap_seconds=120.0,
        idempotency_key=True,
        max_concurrency=4,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._base = settings.base_url.rstrip("/")
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._objects = tuple(settings.options.get("objects") or ("customer", "job"))
        self._signer: Signer = (
            AssertionSigner(settings, self._http)
            if settings.secret("private_key")
            else TokenBasedSigner(settings)
        )

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        context = CallContext()
        try:
            answer = self._call("GET", f"{_RECORD}/metadata-catalog")
        except (TransportFailure, SignInFailed) as error:
            return Health((Finding("sign-in", False, classify(error, context).message),))
        if not answer.ok:
            return Health((Finding("sign-in", False, classify(answer, context).message),))
        names = {item.get("name") for item in (answer.json() or {}).get("items", [])}
        objects = [
            Finding(name, name in names, "" if name in names else "the role cannot see this record type")
            for name in self._objects
        ]
        return Health((Finding("sign-in", True), clock_finding(answer), *objects))

    def discover(self) -> Catalog:
        headers = {"Accept": "application/schema+json"}
        described = []
        for name in self._objects:
            answer = self._read(f"{_RECORD}/metadata-catalog/{quote(name)}", headers=headers)
            described.append(_catalog_object(name, answer.json() or {}))
        return Catalog(tuple(described))

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._fetch(obj, [f"eid:{quote(ext_id, safe='')}" for ext_id in ext_ids])

    def _fetch(self, obj: str, keys: Sequence[str]) -> list[Remote]:
        found = []
        for key in keys:
            path = f"{_RECORD}/{quote(obj)}/{key}"
            answer = self._read(path, params={"expandSubResources": "true"}, missing_ok=True)
            if answer.status != 404:
                row = answer.json() or {}
                found.append(Remote(row.get("externalId"), str(row["id"]), row.get("lastModifiedDate"), row))
        return found

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        start = f" AND externalid > {sql_text(after.value)}" if after else ""
        where = f"externalid IS NOT NULL{start} ORDER BY externalid"
        changes = self._select(obj, fields, where, limit)
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
        context = CallContext("PATCH", idempotent=True, obj=obj, ext_id=ext_id)
        own = Write(ext_id, {"externalId": ext_id}, native_id=native_id)
        return self._write("PATCH", own, f"{_RECORD}/{quote(obj)}/{quote(native_id, safe='')}", None, context)

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
        try:
            answer = self._call(method, path, headers=headers, params=params, json=item.payload)
        except (TransportFailure, SignInFailed) as error:
            return Outcome.failed(classify(error, context))
        if not answer.ok:
            return Outcome.failed(classify(answer, context))
        native = answer.headers.get("location", "").rsplit("/", 1)[-1] or item.native_id
        # An upsert answers 204 either way: without a known native id it is taken as the first one.
        created = method == "PUT" and item.native_id is None
        return Outcome("created" if created else "updated", native_id=native)

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Response:
        url = self._base + path

        def send(signed: Mapping[str, str]) -> Response:
            return self._http.request(
                method, url, headers={**(headers or {}), **signed}, params=params, json=json
            )

        return self._signer.send(method, url, params, send)

    def _read(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
        missing_ok: bool = False,
    ) -> Response:
        """Return a good answer (or a 404 if `missing_ok`) to a read; ReadFailed otherwise."""
        method = "GET" if json is None else "POST"
        try:
            answer = self._call(method, path, headers=headers, params=params, json=json)
        except (TransportFailure, SignInFailed) as error:
            raise ReadFailed(classify(error, CallContext())) from error
        if answer.ok or (missing_ok and answer.status == 404):
            return answer
        raise ReadFailed(classify(answer, CallContext()))

    def _select(self, obj: str, fields: Sequence[str], where: str, limit: int) -> tuple[Change, ...]:
        """Read columns through SuiteQL; `terms.id` reads the column `terms`, sublists are left out."""
        columns = {_column(name): name for name in fields if name.count(".") <= 1 and "[" not in name}
        listed = ", ".join(dict.fromkeys(("id", "externalid", "lastmodifieddate", *columns)))
        query = f"SELECT {listed} FROM {obj.lower()} WHERE {where}"
        answer = self._read(
            _SUITEQL,
            headers={"Prefer": "transient"},
            params={"limit": str(limit), "offset": "0"},
            json={"q": query},
        )
        rows = (answer.json() or {}).get("items", [])
        return tuple(_change(row, columns) for row in rows)


def _column(name: str) -> str:
    return name.split(".", 1)[0].lower()


def _change(row: Json, columns: Mapping[str, str]) -> Change:
    values: Json = {}
    for column, name in columns.items():
        head, _, tail = name.partition(".")
        value = row.get(column)
        values[head] = {tail: value} if tail and value is not None else value
    return Change(str(row["id"]), row.get("lastmodifieddate"), values, ext_id=row.get("externalid"))


def _catalog_object(name: str, schema: Mapping[str, Any]) -> CatalogObject:
    required = set(schema.get("required", ()))
    fields = tuple(
        CatalogField(
            name=field,
            type=str(spec.get("format") or spec.get("type", "string")),
            required=field in required,
            max_length=spec.get("maxLength"),
            writable=not spec.get("readOnly", False),
            external_id=field == "externalId",
        )
        for field, spec in schema.get("properties", {}).items()
    )
    return CatalogObject(name, str(schema.get("title", name)), fields)
