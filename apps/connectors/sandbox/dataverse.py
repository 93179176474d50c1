"""A Dataverse organisation in small: Entra token, upsert by alternate key, $batch, delta links, metadata."""

import re
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from apps.connectors.sandbox.dataverse_objects import OBJECTS
from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.odata import BadFilter, batch_reply, parse_filter, read_batch
from apps.connectors.sandbox.schema import Fault, ObjectType, check
from apps.connectors.sandbox.signin import bearer_is_good, issue_bearer
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem

_API = "/api/data/v9.2/"
_NATIVE = re.compile(r"^(\w+)\(([0-9a-f-]{36})\)$")
_KEYED = re.compile(r"^(\w+)\(mdm_id='((?:[^']|'')*)'\)$")
_BIND = re.compile(r"^/?(\w+)\(mdm_id='((?:[^']|'')*)'\)$")
_PAGE = re.compile(r"odata\.maxpagesize=(\d+)")
_EXPANDED = re.compile(r"(\w+)\(\$select=([\w,]+)\)")
_LIMIT = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
_FAULTS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "lock": (500, "0x80044150", "Generic SQL error: Transaction was deadlocked on lock resources.", {}),
    "quota": (
        429,
        "0x80072321",
        "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds.",
        {"Retry-After": "120"},
    ),
    "429": (429, "0x80072322", _LIMIT, {"Retry-After": "17"}),
    "500": (500, "0x80040216", "An unexpected error occurred.", {}),
    "503": (503, "0x80072323", "The service is unavailable.", {}),
    "duplicate": (412, "0x80040237", "A record with matching key values already exists.", {}),
    "block": (400, "0x80040265", "ISV code aborted the operation: the account is frozen.", {}),
}


class Refused(Exception):
    """The request is answered with an error envelope."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def reply(self) -> Reply:
        return Reply(self.status, {"error": {"code": self.code, "message": self.message}})


class DataverseSandbox(SandboxSystem):
    name = "dataverse"
    title = "CRM sandbox (Dynamics 365, Dataverse Web API)"
    objects = OBJECTS

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._deltas: dict[str, dict[str, str]] = {}

    def serve(self, request: Request) -> Reply:
        if request.path.endswith("/oauth2/v2.0/token"):
            return issue_bearer(request, self.store, self.secrets, seconds=3599)
        if not bearer_is_good(request, self.store):
            return Refused(401, "0x80048306", "The access token is expired or not valid.").reply()
        self.store.count_call()
        try:
            if request.path == f"{_API}$batch":
                return self._batch(request)
            return self._route(request)
        except Refused as refused:
            return refused.reply()

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        status, code, message, headers = _FAULTS[kind]
        if "retry_after" in options:
            headers = {"Retry-After": str(options["retry_after"])}
        return Reply(status, {"error": {"code": code, "message": message}}, headers)

    def expire_feeds(self) -> None:
        self._deltas.clear()

    def _batch(self, request: Request) -> Reply:
        if fault := self.before_write("$batch", ""):
            return fault
        sets = []
        for operations in read_batch(request):
            replies = []
            for operation in operations:
                try:
                    replies.append(self._route(operation))
                except Refused as refused:
                    replies.append(refused.reply())
            sets.append(replies)
        return batch_reply(sets)

    def _route(self, request: Request) -> Reply:
        path = request.path.removeprefix(_API)
        if path == "WhoAmI":
            return Reply(200, {"UserId": str(uuid4())})
        if path.startswith("EntityDefinitions("):
            return _definition(path)
        if keyed := _KEYED.match(path):
            return self._upsert(request, self._kind(keyed[1]), keyed[2].replace("''", "'"))
        if own := _NATIVE.match(path):
            return self._update(request, self._kind(own[1]), own[2])
        return self._list(request, self._kind(path))

    def _update(self, request: Request, kind: ObjectType, native_id: str) -> Reply:
        row = self.store.find(kind.name, native_id=native_id)
        if request.method != "PATCH" or request.headers.get("if-match") != "*" or row is None:
            raise Refused(404, "0x80040217", f"{kind.label} With Id = {native_id} Does Not Exist")
        if fault := self.before_write(kind.name, row.ext_id or ""):
            return fault
        body = _object(request)
        key = body.pop("mdm_id", None)
        if key is not None and self.store.find(kind.name, ext_id=key) not in (None, row):
            raise Refused(412, "0x80060892", "A record that has the attribute values mdm_id already exists.")
        values = self._checked(kind, body, creating=False) | ({"mdm_id": key} if key else {})
        changed = self.store.update(row, values, ext_id=key)
        return self.after_write(changed, Reply(204))

    def _upsert(self, request: Request, kind: ObjectType, ext_id: str) -> Reply:
        if request.method != "PATCH":
            raise Refused(405, "0x0", f"The method {request.method} is not allowed here.")
        if fault := self.before_write(kind.name, ext_id):
            return fault
        row = self.store.find(kind.name, ext_id=ext_id)
        condition = request.headers.get("if-match")
        if condition and row is None:
            raise Refused(
                404,
                "0x80060891",
                f"A record with the specified key values does not exist in {kind.label} entity",
            )
        if condition not in (None, "*") and row is not None and condition != _etag(row):
            raise Refused(
                412, "0x80060882", "The version of the existing record doesn't match the RowVersion property."
            )
        plain = self._checked(kind, _object(request), creating=row is None)
        created = row is None
        if row is None:
            values = {**plain, "mdm_id": ext_id}
            row = self.store.insert(kind.name, values, ext_id=ext_id, native_id=str(uuid4()))
        else:
            row = self.store.update(row, plain)
        body = {"@odata.etag": _etag(row), f"{kind.label}id": row.native_id}
        if "return=representation" not in request.headers.get("prefer", ""):
            return self.after_write(row, Reply(204))
        return self.after_write(row, Reply(201 if created else 200, body))

    def _checked(self, kind: ObjectType, body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
        """Return plain columns: bindings resolved to ids, everything checked against the table."""
        plain: dict[str, Any] = {}
        for name, value in body.items():
            head, _, annotation = name.partition("@")
            field = kind.field(head)
            if annotation == "odata.bind" and field is not None and field.target:
                plain[head] = self._bound(str(value)) if value is not None else None
            elif name == "mdm_id" or (field is not None and field.target):
                raise Refused(400, "0x80048d19", f"{name} must not be given like this.")
            else:
                plain[name] = value
        if faults := check(kind, plain, creating=creating):
            raise Refused(400, "0x80048d19", f"Error identified in Payload: {_words(faults[0])}")
        return plain

    def _bound(self, reference: str) -> str:
        found = _BIND.match(reference)
        if found is None:
            raise Refused(400, "0x80048d19", f"Invalid binding {reference}.")
        row = self.store.find(found[1], ext_id=found[2].replace("''", "'"))
        if row is None:
            raise Refused(404, "0x80060891", "A record with the specified key values does not exist.")
        return row.native_id

    def _list(self, request: Request, kind: ObjectType) -> Reply:
        query = request.query
        if "$deltatoken" in query:
            return self._delta(request, kind)
        try:
            test = parse_filter(query.get("$filter", ""))
        except BadFilter as error:
            raise Refused(400, "0x80060888", str(error)) from error
        rows = [self.as_read(row) for row in self.store.rows(kind.name)]
        chosen = [row for row in rows if test(partial(_value, kind, row))]
        if order := query.get("$orderby"):
            chosen.sort(key=lambda row: str(_value(kind, row, order) or ""))
        if "$top" in query:
            chosen = chosen[: int(query["$top"])]
        prefer = request.headers.get("prefer", "")
        start, page = int(query.get("$skiptoken", 0)), _PAGE.search(prefer)
        size = int(page[1]) if page else 5000
        shown = [self._shown(kind, row, query) for row in chosen[start : start + size]]
        body: dict[str, Any] = {"value": shown}
        tracked = "odata.track-changes" in prefer or "$tracked" in query
        if start + size < len(chosen):
            body["@odata.nextLink"] = self._link(request, {"$skiptoken": str(start + size), "$tracked": "1"})
        elif tracked:
            body["@odata.deltaLink"] = self._link(request, {"$deltatoken": self._remember(kind)})
        return Reply(200, body)

    def _delta(self, request: Request, kind: ObjectType) -> Reply:
        before = self._deltas.get(request.query["$deltatoken"])
        if before is None:
            raise Refused(410, "0x80044352", "Version stamp associated with the client has expired.")
        token = self._remember(kind)
        after = self._deltas[token]
        rows = {row.native_id: row for row in self.store.rows(kind.name)}
        changed = [key for key, mark in after.items() if before.get(key) != mark]
        gone = [
            {"@odata.context": f"#{kind.name}/$deletedEntity", "id": key, "reason": "deleted"}
            for key in before
            if key not in after
        ]
        value = [*(self._shown(kind, rows[key], request.query) for key in changed), *gone]
        return Reply(200, {"value": value, "@odata.deltaLink": self._link(request, {"$deltatoken": token})})

    def _remember(self, kind: ObjectType) -> str:
        token = uuid4().hex
        rows = self.store.rows(kind.name)
        self._deltas[token] = {row.native_id: f"{row.version}{row.modified_at}" for row in rows}
        return token

    def _link(self, request: Request, more: dict[str, str]) -> str:
        kept = {k: v for k, v in request.query.items() if k in ("$select", "$expand", "$filter")}
        query = "&".join(f"{name}={quote(value)}" for name, value in {**kept, **more}.items())
        return f"{request.url.split('?', 1)[0]}?{query}"

    def _shown(self, kind: ObjectType, row: Row, query: Any) -> dict[str, Any]:
        chosen = query["$select"].split(",") if query.get("$select") else [f.name for f in kind.fields]
        shown: dict[str, Any] = {"@odata.etag": _etag(row)}
        for name in chosen:
            shown[name] = _value(kind, row, name)
        for head, columns in _EXPANDED.findall(query.get("$expand", "")):
            field = kind.field(head)
            if field is None or not field.target:
                raise Refused(400, "0x80060888", f"Could not find a property named '{head}'.")
            native = row.body.get(head)
            parent = self.store.find(field.target, native_id=native) if native else None
            other = OBJECTS[field.target]
            shown[head] = {c: _value(other, parent, c) for c in columns.split(",")} if parent else None
        return shown

    def _kind(self, name: str) -> ObjectType:
        if name not in OBJECTS:
            raise Refused(404, "0x8006088a", f"Resource not found for the segment '{name}'.")
        return OBJECTS[name]


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError as error:
        raise Refused(400, "0x80048d19", f"Invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "0x80048d19", "The body must be an object.")
    return body


def _etag(row: Row) -> str:
    return f'W/"{row.version}"'


def _value(kind: ObjectType, row: Row, name: str) -> Any:
    known = {f"{kind.label}id": row.native_id, "modifiedon": row.modified_at, "createdon": row.created_at}
    if name in known:
        return known[name]
    if kind.field(name) is None:
        raise Refused(400, "0x80060888", f"Could not find a property named '{name}' on type '{kind.label}'.")
    return row.body.get(name)


def _words(fault: Fault) -> str:
    return f"{fault.field}: {fault.problem} {fault.detail}".strip()


def _definition(path: str) -> Reply:
    logical = path.partition("'")[2].partition("'")[0]
    kind = next((kind for kind in OBJECTS.values() if kind.label == logical), None)
    if kind is None:
        raise Refused(404, "0x80060888", f"Could not find an entity {logical}.")
    if path.endswith("StringAttributeMetadata"):
        rows = [{"LogicalName": f.name, "MaxLength": f.length} for f in kind.fields if f.length]
        return Reply(200, {"value": rows})
    attributes = [
        {
            "LogicalName": field.name,
            "AttributeType": "Lookup" if field.target else field.type.title(),
            "RequiredLevel": {"Value": "ApplicationRequired" if field.required else "None"},
            "IsValidForUpdate": not field.read_only,
        }
        for field in kind.fields
        if field.name != "customerid_account"
    ]
    relations = [
        {
            "ReferencingEntityNavigationPropertyName": field.name,
            "ReferencedEntity": OBJECTS[field.target].label,
        }
        for field in kind.fields
        if field.target
    ]
    return Reply(
        200,
        {
            "LogicalName": logical,
            "EntitySetName": kind.name,
            "Attributes": attributes,
            "Keys": [{"KeyAttributes": ["mdm_id"], "EntityKeyIndexStatus": "Active"}],
            "ManyToOneRelationships": relations,
        },
    )
