"""Microsoft Dataverse (Dynamics 365): upsert by alternate key, $batch, change tracking, Entra sign-in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from apps.connectors.answers import failure_of_response
from apps.connectors.caller import Ask, Caller
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
    Outcome,
    Page,
    ReadFailed,
    Remote,
    Response,
    Write,
)
from apps.connectors.dialects.dataverse_webhooks import ServiceEndpoint
from apps.connectors.dialects.dataverse_words import (
    EXPIRED,
    METADATA,
    STRINGS,
    catalog_object,
    classify,
    logical_name,
    odata_text,
)
from apps.connectors.native_ids import GUID, possible
from apps.connectors.oauth import bearer, fetch_token
from apps.connectors.odata_batch import Operation, pack, unpack
from apps.connectors.registry import connector
from apps.connectors.rest import RestConnector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import Token, TokenCache
from apps.connectors.webhooks import INBOUND

_LOGIN = "https://login.microsoftonline.com"
_SETS = {
    "parentaccountid": "accounts",
    "customerid_account": "accounts",
    "msdyn_customer": "accounts",
    "mdm_engagement": "opportunities",
    "opportunityid": "opportunities",
    "mdm_project": "msdyn_projects",
    "transactioncurrencyid": "transactioncurrencies",
}
_MANY = 40  # keys in one filter


@connector("dataverse")
class DataverseConnector(ServiceEndpoint, RestConnector):
    """Options: tenant, login_url, key_attribute, objects, bindings (navigation property: entity set),
    primary_keys (entity set: attribute), webhook_header, entity_sets (table: entity set); secrets: client_id,
    client_secret, inbound_secret for webhooks."""

    name = "dataverse"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=100,
        conditional_write=True,
        change_feed="delta",
        deletes_visible=True,
        webhooks_by=INBOUND,
        feed_retention_hours=7 * 24,
        max_concurrency=8,
        rate=Bucket(20, 1.0),
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._login = settings.option("login_url", _LOGIN).rstrip("/")
        hosts = (*settings.extra_hosts, urlsplit(self._login).hostname or "")
        super().__init__(replace(settings, extra_hosts=hosts), classify, objects=("accounts",))
        self._api = settings.base_url.rstrip("/") + "/api/data/v9.2"
        self._caller = Caller(self._http, self._api, classify, bearer(TokenCache(self._sign_in)))
        self._key = settings.option("key_attribute", "mdm_id")
        self._sets = {**_SETS, **settings.options.get("bindings", {})}

    def _ping(self) -> Ask:
        return _get("WhoAmI")

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._matching(obj, self._key, [odata_text(key) for key in ext_ids], fields)

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._matching(obj, self._primary(obj), possible(native_ids, GUID), fields)

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        rest = f" and {self._key} gt {odata_text(after.value)}" if after else ""
        params = {
            **self._columns(obj, fields),
            "$filter": f"{self._key} ne null{rest}",
            "$orderby": self._key,
            "$top": str(limit),
        }
        rows = (self._caller.read(_get(obj, params)).json() or {}).get("value", [])
        changes = tuple(self._change(obj, row) for row in rows)
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
        """Follow the delta link: it names exactly what was not given yet, so `overlap` has no meaning."""
        ask = (
            _get(cursor.value, prefer=f"odata.maxpagesize={limit}")
            if cursor
            else _get(
                obj, self._columns(obj, fields), prefer=f"odata.track-changes,odata.maxpagesize={limit}"
            )
        )
        try:
            body = self._caller.read(ask).json() or {}
        except ReadFailed as error:
            if error.failure.status == 410 or error.failure.code.lower() == EXPIRED:
                return Page.expired()
            raise
        changes = tuple(self._change(obj, row) for row in body.get("value", []))
        following = body.get("@odata.nextLink") or body.get("@odata.deltaLink")
        return Page(changes, Cursor(following) if following else cursor, more="@odata.nextLink" in body)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        ask = Ask(
            "PATCH", f"{quote(obj)}({native_id})", {**_ODATA, "If-Match": "*"}, json={self._key: ext_id}
        )
        return self._claimed(ask, obj, native_id, ext_id)

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        if len(items) == 1:
            return [self._write_one(obj, items[0], update_only=False)]
        return self._in_batches(items, lambda some: self._write_many(obj, some))

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._write_one(obj, item, update_only=True) for item in items]

    def _write_one(self, obj: str, item: Write, *, update_only: bool) -> Outcome:
        operation = self._operation(obj, item, update_only=update_only)
        ask = Ask("PATCH", operation.url, operation.headers, json=operation.body)
        answer = self._caller.write(ask, CallContext(obj=obj, ext_id=item.ext_id))
        return Outcome.failed(answer) if isinstance(answer, Failure) else self._done(obj, answer)

    def _write_many(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        """Send one change set for each item, so that a refused one takes no other along."""
        kind, body = pack([[self._operation(obj, item, update_only=False)] for item in items])
        headers = {"Content-Type": kind, "Prefer": "odata.continue-on-error"}
        context = CallContext("POST", obj=obj)
        answer = self._caller.write(Ask("POST", "$batch", headers, content=body), context)
        if isinstance(answer, Failure):
            return [Outcome.failed(answer)] * len(items)
        parts = unpack(answer)
        if len(parts) != len(items):
            lost = failure_of_response(
                answer, FailureClass.AMBIGUOUS, "BATCH", f"{len(parts)} of {len(items)} answers came back"
            )
            return [Outcome.failed(lost)] * len(items)
        return [
            self._done(obj, part[0])
            if part and part[0].ok
            else Outcome.failed(classify(part[0], CallContext("PATCH", obj=obj, ext_id=item.ext_id)))
            for part, item in zip(parts, items, strict=True)
        ]

    def _operation(self, obj: str, item: Write, *, update_only: bool) -> Operation:
        key = quote(odata_text(item.ext_id), safe="'")
        url = f"{self._api}/{quote(obj)}({self._key}={key})?$select={self._primary(obj)}"
        headers = {"Prefer": "return=representation", **_ODATA}
        if item.expect_version or update_only:
            headers["If-Match"] = item.expect_version or "*"
        return Operation("PATCH", url, self._bound(item.payload), headers)

    def _bound(self, payload: Json) -> Json:
        """Return the payload with parents as `@odata.bind` references by their alternate key."""
        body: Json = {}
        for name, value in payload.items():
            if isinstance(value, dict):
                ((attribute, key),) = value.items()
                target = self._sets.get(name, "accounts")
                body[f"{name}@odata.bind"] = f"/{target}({attribute}={odata_text(str(key))})"
            elif value is None and name in self._sets:
                body[f"{name}@odata.bind"] = None
            else:
                body[name] = value
        return body

    def _done(self, obj: str, answer: Response) -> Outcome:
        row = answer.json() or {}
        native = str(row.get(self._primary(obj), "")) or None
        return Outcome("created" if answer.status == 201 else "updated", native, row.get("@odata.etag"))

    def _matching(self, obj: str, column: str, literals: list[str], fields: Sequence[str]) -> list[Remote]:
        found: list[Remote] = []
        for start in range(0, len(literals), _MANY):
            chosen = " or ".join(f"{column} eq {literal}" for literal in literals[start : start + _MANY])
            ask = _get(obj, {**self._columns(obj, fields), "$filter": chosen})
            found.extend(
                self._remote(obj, row) for row in (self._caller.read(ask).json() or {}).get("value", [])
            )
        return found

    def _columns(self, obj: str, fields: Sequence[str]) -> dict[str, str]:
        """Select what is asked for; `parentaccountid.mdm_id` reads the parent's key through $expand."""
        plain = dict.fromkeys((self._primary(obj), self._key, *(f for f in fields if "." not in f)))
        parents: dict[str, list[str]] = {}
        for head, _, tail in (field.partition(".") for field in fields if "." in field):
            parents.setdefault(head, []).append(tail)
        expanded = ",".join(f"{head}($select={','.join(tails)})" for head, tails in parents.items())
        return {"$select": ",".join(plain), **({"$expand": expanded} if expanded else {})}

    def _primary(self, obj: str) -> str:
        known = self._settings.options.get("primary_keys", {}).get(obj)
        return str(known) if known else f"{logical_name(obj)}id"

    def _remote(self, obj: str, row: Json) -> Remote:
        values = {name: value for name, value in row.items() if not name.startswith("@")}
        return Remote(row.get(self._key), str(row[self._primary(obj)]), row.get("@odata.etag"), values)

    def _change(self, obj: str, row: Json) -> Change:
        if "reason" in row or "$deletedEntity" in str(row.get("@odata.context", "")):
            return Change(str(row["id"]), None, {}, deleted=True)
        one = self._remote(obj, row)
        return Change(one.native_id, one.version, one.values, one.ext_id)

    def _described(self, name: str) -> CatalogObject:
        path = f"EntityDefinitions(LogicalName={odata_text(logical_name(name))})"
        asked = {"$select": "LogicalName,EntitySetName", "$expand": METADATA}
        head = self._caller.read(_get(path, asked)).json() or {}
        strings = (
            self._caller.read(_get(f"{path}/{STRINGS}", {"$select": "LogicalName,MaxLength"})).json() or {}
        )
        lengths = {row["LogicalName"]: row.get("MaxLength") for row in strings.get("value", [])}
        return catalog_object(name, head, lengths)

    def _sign_in(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.secret("client_id"),
            "client_secret": self._settings.secret("client_secret"),
            "scope": self._settings.option("scope", self._settings.base_url.rstrip("/") + "/.default"),
        }
        url = f"{self._login}/{quote(self._settings.option('tenant'))}/oauth2/v2.0/token"
        return fetch_token(self._http, url, form, lifetime=3600.0)


_ODATA = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}


def _get(path: str, params: Mapping[str, str] | None = None, *, prefer: str = "") -> Ask:
    headers = {**_ODATA, "Accept": "application/json", **({"Prefer": prefer} if prefer else {})}
    return Ask("GET", path, headers, params)
