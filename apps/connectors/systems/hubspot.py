"""HubSpot CRM: batch upsert by a unique property, associations, search for changes, signed webhooks."""

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from apps.connectors.answers import failure_of_response
from apps.connectors.caller import Ask, Caller, Headers
from apps.connectors.contracts import (
    Bucket,
    CallContext,
    Capabilities,
    CatalogObject,
    Change,
    Cursor,
    Failure,
    FailureClass,
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
from apps.connectors.dialects.hubspot_ties import Ties, parent_keys, texts
from apps.connectors.dialects.hubspot_webhooks import read_event, verify_v3
from apps.connectors.dialects.hubspot_words import (
    MODIFIED,
    catalog_object,
    classify,
    following,
    milliseconds,
    next_of,
    path_of,
    written,
)
from apps.connectors.native_ids import NUMBER, possible
from apps.connectors.oauth import bearer, fetch_token
from apps.connectors.pacing import Pace
from apps.connectors.registry import connector
from apps.connectors.rest import RestConnector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import Token, TokenCache
from apps.connectors.webhooks import secrets_called

_BATCH = 100


@connector("hubspot")
class HubSpotConnector(RestConnector):
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
        super().__init__(settings, classify, objects=("companies", "deals"))
        sign = bearer(TokenCache(self._renew)) if settings.secret("refresh_token") else self._sign
        self._caller = Caller(self._http, settings.base_url, classify, sign)
        self._key = settings.option("key_property", "mdm_id")
        self._search_pace = Pace(4.0)
        self._ties = Ties(self._caller, self._key, self)

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        return verify_v3(secrets_called(self._settings, self.caps.webhooks_by), posted, now)

    def read_message(self, content: object) -> tuple[Notice, ...]:
        return read_event(content, self._key)

    def _ping(self) -> Ask:
        return Ask("GET", "account-info/v3/details")

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._batch_read(obj, ext_ids, fields, {"idProperty": self._key})

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._batch_read(obj, possible(native_ids, NUMBER), fields, {})

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        params = {"limit": str(min(limit, _BATCH)), "properties": ",".join(self._properties(fields))}
        if after:
            params["after"] = after.value
        body = self._caller.read(Ask("GET", path_of(obj), params=params)).json() or {}
        further = next_of(body)
        found = [self._remote(row) for row in body.get("results", [])]
        keyed = [one for one in found if one.ext_id]
        self._ties.add_parents(obj, keyed, fields)
        changes = tuple(Change(one.native_id, one.version, one.values, one.ext_id) for one in keyed)
        return Page(changes, Cursor(further) if further else after, more=further is not None)

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
                row for row in rows if row.native_id not in known or milliseconds(row.version) != int(moment)
            )
            after = next_of(body)
        more = after is not None or len(changes) > limit
        changes = changes[:limit]
        return Page(tuple(changes), following(cursor, changes, known), more=more)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        ask = Ask("PATCH", f"{path_of(obj)}/{quote(native_id)}", json={"properties": {self._key: ext_id}})
        return self._claimed(ask, obj, native_id, ext_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return self._in_batches(items, lambda some: self._upsert(obj, some))

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        outcomes = []
        for item in items:
            ask = Ask(
                "PATCH",
                f"{path_of(obj)}/{quote(item.ext_id, safe='')}",
                params={"idProperty": self._key},
                json={"properties": texts(item.payload)},
            )
            answer = self._caller.write(ask, CallContext(obj=obj, ext_id=item.ext_id))
            outcomes.append(
                Outcome.failed(answer) if isinstance(answer, Failure) else written(answer.json() or {})
            )
        return outcomes

    def _upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        """Find the parents, write, then tie: a record whose parent is not there yet is not written."""
        try:
            parents = self._ties.parents(items)
        except ReadFailed as error:
            return [Outcome.failed(error.failure)] * len(items)
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
        ask = Ask("POST", f"{path_of(obj)}/batch/upsert", json={"inputs": inputs})
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
                outcomes[key] = written(row)
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
            body = self._caller.read(Ask("POST", f"{path_of(obj)}/batch/read", json=asked)).json() or {}
            found.extend(self._remote(row) for row in body.get("results", []))
        order = {key: place for place, key in enumerate(keys)}
        found.sort(key=lambda one: order.get((one.ext_id or "") if more else one.native_id, len(order)))
        self._ties.add_parents(obj, found, fields)
        return found

    def _search(self, obj: str, since: str, fields: Sequence[str], after: str) -> Json:
        self._search_pace.wait()
        asked = {
            "filterGroups": [{"filters": [{"propertyName": MODIFIED, "operator": "GTE", "value": since}]}],
            "sorts": [{"propertyName": MODIFIED, "direction": "ASCENDING"}],
            "properties": self._properties(fields),
            "limit": _BATCH,
            "after": after,
        }
        found: Json = self._caller.read(Ask("POST", f"{path_of(obj)}/search", json=asked)).json() or {}
        return found

    def _properties(self, fields: Sequence[str]) -> list[str]:
        return list(dict.fromkeys((self._key, MODIFIED, *(field for field in fields if "." not in field))))

    def _remote(self, row: Json) -> Remote:
        values = dict(row.get("properties", {}))
        version = values.pop(MODIFIED, None) or row.get("updatedAt")
        return Remote(values.get(self._key), str(row["id"]), version, values)

    def _change(self, row: Json) -> Change:
        one = self._remote(row)
        return Change(one.native_id, one.version, one.values, one.ext_id, deleted=bool(row.get("archived")))

    def _described(self, name: str) -> CatalogObject:
        rows = (self._caller.read(Ask("GET", f"crm/v3/properties/{quote(name)}")).json() or {}).get("results")
        schema = self._caller.read(Ask("GET", f"crm/v3/schemas/{quote(name)}"), accept=(404,)).json() or {}
        return catalog_object(name, rows or [], schema)

    def _sign(self, send: Callable[[Headers], Response]) -> Response:
        return send({"Authorization": f"Bearer {self._settings.secret('token')}"})

    def _renew(self) -> Token:
        names = ("client_id", "client_secret", "refresh_token")
        form = {"grant_type": "refresh_token", **{name: self._settings.secret(name) for name in names}}
        url = self._settings.base_url.rstrip("/") + "/oauth/v1/token"
        return fetch_token(self._http, url, form, lifetime=1800.0)
