"""HubSpot CRM: batch upsert by a unique property, associations, search for changes, signed webhooks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from apps.connectors.answers import (
    class_of_status,
    clock_finding,
    failure_of_exception,
    failure_of_response,
)
from apps.connectors.caller import Ask, Caller, Headers
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
    Message,
    Notice,
    Outcome,
    Page,
    Posted,
    ReadFailed,
    Remote,
    Response,
    Write,
)
from apps.connectors.http import HttpClient
from apps.connectors.hubspot_ties import Ties, parent_keys, texts
from apps.connectors.hubspot_webhooks import read_event, verify_v3
from apps.connectors.oauth import bearer, fetch_token
from apps.connectors.native_ids import NUMBER, possible
from apps.connectors.pacing import Pace
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import Token, TokenCache
from apps.connectors.webhooks import secrets_called

_BATCH = 100
_CATEGORIES = {
    "VALIDATION_ERROR": FailureClass.PERMANENT,
    "CONFLICT": FailureClass.CONFLICT_REVIEW,
    "MISSING_SCOPES": FailureClass.PERMANENT_CONFIG,
    "BANNED": FailureClass.PERMANENT_CONFIG,
    "EXPIRED_AUTHENTICATION": FailureClass.AUTH_REFRESH,
    "INVALID_AUTHENTICATION": FailureClass.AUTH_REFRESH,
    "OBJECT_NOT_FOUND": FailureClass.MISSING_DEPENDENCY,
    "RATE_LIMITS": FailureClass.RATE_LIMITED,
    "MIGRATION_IN_PROGRESS": FailureClass.TRANSIENT,
}
_WAITS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_PORTAL_MOVES = 477  # the account is moving between data centres


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    if answer.status == 207:
        return failure_of_response(answer, FailureClass.PER_RECORD, "PARTIAL", "some of the records failed")
    body = answer.json()
    body = body if isinstance(body, dict) else {}
    category, policy = str(body.get("category", "")), str(body.get("policyName", ""))
    message = str(body.get("message", ""))
    cls = _CATEGORIES.get(category, class_of_status(answer.status))
    if answer.status == _PORTAL_MOVES:
        cls = FailureClass.TRANSIENT
    elif cls is FailureClass.RATE_LIMITED and policy == "DAILY":
        cls = FailureClass.QUOTA_EXHAUSTED
    elif cls is FailureClass.PERMANENT and "pipeline rule" in message.lower():
        cls = FailureClass.BUSINESS_BLOCK
    failure = failure_of_response(answer, cls, policy or category or f"HTTP_{answer.status}", message)
    if cls is not FailureClass.RATE_LIMITED or failure.retry_after is not None:
        return failure
    interval = answer.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    return replace(
        failure, retry_after=float(interval) / 1000 if interval.isdigit() else _WAITS.get(policy, 10.0)
    )


@connector("hubspot")
class HubSpotConnector:
    """Options: key_property, objects; secrets: token (private app), or client_id, client_secret and
    refresh_token; client_secret also checks webhooks."""

    name = "hubspot"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=_BATCH,
        change_feed="poll",
        overlap_seconds=120.0,
        webhooks_by="client_secret",
        max_concurrency=8,
        rate=Bucket(15, 1.0),
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        sign = bearer(TokenCache(self._renew)) if settings.secret("refresh_token") else self._sign
        self._caller = Caller(self._http, settings.base_url, classify, sign)
        self._key = settings.option("key_property", "mdm_id")
        self._objects = tuple(settings.options.get("objects") or ("companies", "deals"))
        self._search_pace = Pace(4.0)
        self._ties = Ties(self._caller, self._key, self)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        return verify_v3(secrets_called(self._settings, self.caps.webhooks_by), posted, now)

    def read_message(self, content: object) -> tuple[Notice, ...]:
        return read_event(content, self._key)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        try:
            answer = self._caller.read(Ask("GET", "account-info/v3/details"))
        except ReadFailed as error:
            return Health((Finding("sign-in", False, error.failure.message),))
        found = [Finding("sign-in", True), clock_finding(answer)]
        return Health((*found, *(self._check_object(name) for name in self._objects)))

    def discover(self) -> Catalog:
        return Catalog(tuple(self._described(name) for name in self._objects))

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._batch_read(obj, ext_ids, fields, {"idProperty": self._key})

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._batch_read(obj, possible(native_ids, NUMBER), fields, {})

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        params = {"limit": str(min(limit, _BATCH)), "properties": ",".join(self._properties(fields))}
        if after:
            params["after"] = after.value
        body = self._caller.read(Ask("GET", _path(obj), params=params)).json() or {}
        following = _next(body)
        changes = tuple(self._change(row) for row in body.get("results", []))
        keyed = tuple(change for change in changes if change.ext_id)
        return Page(keyed, Cursor(following) if following else after, more=following is not None)

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        """Search by modification time. The cursor is a moment and the ids already given at that moment:
        the search sorts by one property only, so ids cannot break ties."""
        moment, _, given = cursor.value.partition("|") if cursor else ("0", "", "")
        known = set(given.split(",")) if given and not overlap else set()
        since = str(max(int(moment) - round(overlap * 1000), 0))
        changes: list[Change] = []
        after: str | None = "0"
        while after is not None and len(changes) < limit:
            body = self._search(obj, since, fields, after)
            rows = (self._change(row) for row in body.get("results", []))
            changes.extend(
                row for row in rows if row.native_id not in known or _milliseconds(row.version) != int(moment)
            )
            after = _next(body)
        more = after is not None or len(changes) > limit
        changes = changes[:limit]
        return Page(tuple(changes), _following(cursor, changes, known), more=more)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        ask = Ask("PATCH", f"{_path(obj)}/{quote(native_id)}", json={"properties": {self._key: ext_id}})
        answer = self._caller.write(ask, CallContext(obj=obj, ext_id=ext_id))
        return Outcome.failed(answer) if isinstance(answer, Failure) else _written(answer.json() or {})

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(items), _BATCH):
            chosen = items[start : start + _BATCH]
            try:
                outcomes.extend(self._upsert(obj, chosen))
            except ReadFailed as error:
                outcomes.extend([Outcome.failed(error.failure)] * len(chosen))
        return outcomes

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        outcomes = []
        for item in items:
            ask = Ask(
                "PATCH",
                f"{_path(obj)}/{quote(item.ext_id, safe='')}",
                params={"idProperty": self._key},
                json={"properties": texts(item.payload)},
            )
            answer = self._caller.write(ask, CallContext(obj=obj, ext_id=item.ext_id))
            outcomes.append(
                Outcome.failed(answer) if isinstance(answer, Failure) else _written(answer.json() or {})
            )
        return outcomes

    def _upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        """Find the parents, write, then tie: a record whose parent is not there yet is not written."""
        parents = self._ties.parents(items)
        outcomes: dict[str, Outcome] = {}
        ready = []
        for item in items:
            missing = next((key for key in parent_keys(item) if key not in parents), None)
            if missing is None:
                ready.append(item)
                continue
            text = f"{missing[0]} {missing[1]} is not in the target yet"
            outcomes[item.ext_id] = Outcome.failed(
                Failure(FailureClass.MISSING_DEPENDENCY, "NO_PARENT", text, field=missing[0])
            )
        if ready:
            outcomes.update(self._write(obj, ready))
            self._ties.associate(obj, ready, parents, outcomes)
        return [outcomes[item.ext_id] for item in items]

    def _write(self, obj: str, items: Sequence[Write]) -> dict[str, Outcome]:
        inputs = [
            {
                "id": item.ext_id,
                "idProperty": self._key,
                "objectWriteTraceId": item.ext_id,
                "properties": texts(item.payload),
            }
            for item in items
        ]
        ask = Ask("POST", f"{_path(obj)}/batch/upsert", json={"inputs": inputs})
        answer = self._caller.write(ask, CallContext(obj=obj))
        if isinstance(answer, Response):
            return self._outcomes(answer, items)
        if len(items) > 1 and answer.cls in (FailureClass.PERMANENT, FailureClass.CONFLICT_REVIEW):
            # One bad input can fail the whole batch: ask for each by itself whose fault it is.
            return {key: outcome for item in items for key, outcome in self._write(obj, [item]).items()}
        return {item.ext_id: Outcome.failed(answer) for item in items}

    def _outcomes(self, answer: Response, items: Sequence[Write]) -> dict[str, Outcome]:
        body = answer.json() or {}
        lost = failure_of_response(
            answer, FailureClass.AMBIGUOUS, "BATCH", "the answer does not name this record"
        )
        outcomes = {item.ext_id: Outcome.failed(lost) for item in items}
        for row in body.get("results", []):
            key = row.get("objectWriteTraceId") or row.get("properties", {}).get(self._key)
            if key in outcomes:
                outcomes[key] = _written(row)
        for error in body.get("errors", []):
            single = Response.of(400, {}, error)
            for key in (error.get("context") or {}).get("objectWriteTraceId", []):
                outcomes[key] = Outcome.failed(classify(single, CallContext("POST", ext_id=key)))
        return outcomes

    def _batch_read(
        self, obj: str, keys: Sequence[str], fields: Sequence[str], more: dict[str, str]
    ) -> list[Remote]:
        found: list[Remote] = []
        for start in range(0, len(keys), _BATCH):
            inputs = [{"id": key} for key in keys[start : start + _BATCH]]
            asked = {"properties": self._properties(fields), "inputs": inputs, **more}
            body = self._caller.read(Ask("POST", f"{_path(obj)}/batch/read", json=asked)).json() or {}
            found.extend(self._remote(row) for row in body.get("results", []))
        order = {key: place for place, key in enumerate(keys)}
        found.sort(key=lambda one: order.get((one.ext_id or "") if more else one.native_id, len(order)))
        self._ties.add_parents(obj, found, fields)
        return found

    def _search(self, obj: str, since: str, fields: Sequence[str], after: str) -> Json:
        self._search_pace.wait()
        asked = {
            "filterGroups": [{"filters": [{"propertyName": _MODIFIED, "operator": "GTE", "value": since}]}],
            "sorts": [{"propertyName": _MODIFIED, "direction": "ASCENDING"}],
            "properties": self._properties(fields),
            "limit": _BATCH,
            "after": after,
        }
        found: Json = self._caller.read(Ask("POST", f"{_path(obj)}/search", json=asked)).json() or {}
        return found

    def _properties(self, fields: Sequence[str]) -> list[str]:
        return list(dict.fromkeys((self._key, _MODIFIED, *(field for field in fields if "." not in field))))

    def _remote(self, row: Json) -> Remote:
        values = dict(row.get("properties", {}))
        version = values.pop(_MODIFIED, None) or row.get("updatedAt")
        return Remote(values.get(self._key), str(row["id"]), version, values)

    def _change(self, row: Json) -> Change:
        one = self._remote(row)
        return Change(one.native_id, one.version, one.values, one.ext_id, deleted=bool(row.get("archived")))

    def _check_object(self, name: str) -> Finding:
        try:
            field = self._described(name).field(self._key)
        except ReadFailed as error:
            return Finding(name, False, error.failure.message)
        good = field is not None and field.external_id
        return Finding(name, good, "" if good else f"{self._key} is no property with unique values of {name}")

    def _described(self, name: str) -> CatalogObject:
        rows = (self._caller.read(Ask("GET", f"crm/v3/properties/{quote(name)}")).json() or {}).get("results")
        schema = self._caller.read(Ask("GET", f"crm/v3/schemas/{quote(name)}"), accept=(404,)).json() or {}
        required = set(schema.get("requiredProperties", ()))
        fields = tuple(
            CatalogField(
                name=row["name"],
                type=str(row.get("type", "string")),
                required=row["name"] in required,
                max_length=65536 if row.get("type", "string") == "string" else None,
                writable=not (row.get("modificationMetadata") or {}).get("readOnlyValue", False),
                external_id=bool(row.get("hasUniqueValue")),
            )
            for row in rows or ()
        )
        parents = tuple(
            CatalogField(obj, "association", reference_to=(obj,))
            for obj in ("companies", "deals", "projects")
        )
        return CatalogObject(name, name, fields + parents)

    def _sign(self, send: Callable[[Headers], Response]) -> Response:
        return send({"Authorization": f"Bearer {self._settings.secret('token')}"})

    def _renew(self) -> Token:
        names = ("client_id", "client_secret", "refresh_token")
        form = {"grant_type": "refresh_token", **{name: self._settings.secret(name) for name in names}}
        url = self._settings.base_url.rstrip("/") + "/oauth/v1/token"
        return fetch_token(self._http, url, form, lifetime=1800.0)


_MODIFIED = "hs_lastmodifieddate"


def _path(obj: str) -> str:
    return f"crm/v3/objects/{quote(obj)}"


def _next(body: Json) -> str | None:
    found = ((body.get("paging") or {}).get("next") or {}).get("after")
    return str(found) if found is not None else None


def _written(row: Json) -> Outcome:
    return Outcome("created" if row.get("new") else "updated", str(row.get("id", "")), row.get("updatedAt"))


def _milliseconds(version: str | None) -> int:
    moment = datetime.fromisoformat((version or "1970-01-01T00:00:00Z").replace("Z", "+00:00"))
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _following(cursor: Cursor | None, changes: Sequence[Change], known: set[str]) -> Cursor | None:
    if not changes:
        return cursor
    last = _milliseconds(changes[-1].version)
    same = {change.native_id for change in changes if _milliseconds(change.version) == last}
    if cursor and cursor.value.partition("|")[0] == str(last):
        same |= known
    return Cursor(f"{last}|{','.join(sorted(same))}")
