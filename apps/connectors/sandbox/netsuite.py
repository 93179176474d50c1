"""A NetSuite account in small: record service with external ids, SuiteQL, metadata catalog."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.netsuite_objects import LISTS, OBJECTS, SUBSIDIARY
from apps.connectors.sandbox.netsuite_parts import PART_TABLES, select_parts
from apps.connectors.sandbox.netsuite_signin import issue_token, signature_is_good
from apps.connectors.sandbox.query import BadQuery, parse_query
from apps.connectors.sandbox.schema import Fault, Field, ObjectType, check
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem

_RECORD = "/services/rest/record/v1/"
_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1"
_FAULTS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "lock": (400, "RECORD_LOCKED", "This record is being edited by another user.", {}),
    "quota": (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", {}),
    "429": (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded.", {"Retry-After": "1"}),
    "500": (500, "UNEXPECTED_ERROR", "An unexpected error occurred.", {}),
    "503": (503, "UNEXPECTED_ERROR", "Service Unavailable", {}),
    "duplicate": (400, "USER_ERROR", "This entity already exists.", {}),
    "block": (400, "USER_ERROR", "This record has been locked by a user defined workflow.", {}),
}


class Refused(Exception):
    """The request is answered with an error envelope."""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field = status, code, detail, field

    def reply(self) -> Reply:
        entry = {"detail": self.detail, "o:errorCode": self.code}
        if self.field:
            entry["o:errorPath"] = self.field
        titles = {401: "Unauthorized", 404: "Not Found"}
        title = titles.get(self.status, "Bad Request")
        return Reply(
            self.status, {"type": _TYPE, "title": title, "status": self.status, "o:errorDetails": [entry]}
        )


class NetSuiteSandbox(SandboxSystem):
    name = "netsuite"
    title = "ERP sandbox (NetSuite REST)"
    objects = OBJECTS

    def serve(self, request: Request) -> Reply:
        if request.path == "/services/rest/auth/oauth2/v1/token" and request.method == "POST":
            return issue_token(request, self.store, self.secrets)
        if not self._signed_in(request):
            return Refused(401, "INVALID_LOGIN", "Invalid login attempt.").reply()
        self.store.count_call()
        try:
            return self._route(request)
        except Refused as refused:
            return refused.reply()

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        status, code, detail, headers = _FAULTS[kind]
        if "retry_after" in options:
            headers = {"Retry-After": str(options["retry_after"])}
        reply = Refused(status, code, detail).reply()
        return Reply(reply.status, reply.body, headers)

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return self.store.token_is_good(value)
        return scheme == "OAuth" and signature_is_good(request, self.store, self.secrets)

    def _route(self, request: Request) -> Reply:
        if request.path == "/services/rest/query/v1/suiteql" and request.method == "POST":
            return self._suiteql(request)
        if not request.path.startswith(_RECORD):
            raise Refused(404, "INVALID_URL", "There is no such address.")
        parts = [unquote(part) for part in request.path.removeprefix(_RECORD).strip("/").split("/")]
        if parts[0] == "metadata-catalog":
            return self._catalog(parts[1:])
        kind = self._kind(parts[0])
        if len(parts) == 1 and request.method == "POST":
            return self._create(request, kind)
        if len(parts) != 2:
            raise Refused(404, "INVALID_URL", "There is no such address.")
        return self._one(request, kind, parts[1])

    def _one(self, request: Request, kind: ObjectType, key: str) -> Reply:
        ext_id = key.removeprefix("eid:") if key.startswith("eid:") else None
        row = self.store.find(kind.name, ext_id=ext_id, native_id=None if ext_id is not None else key)
        if request.method == "PUT" and ext_id is not None:
            return self._put(request, kind, ext_id, row)
        if row is None:
            raise Refused(
                404, "NONEXISTENT_ID", f"The record instance does not exist. Provide a valid {kind.name} id."
            )
        if request.method == "GET":
            return Reply(200, self._shown(kind, self.as_read(row)))
        if request.method == "DELETE":
            self.store.delete(row)
            return Reply(204)
        if request.method != "PATCH":
            raise Refused(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here.")
        if fault := self.before_write(kind.name, row.ext_id or ""):
            return fault
        body = _object(request)
        own = body.get("externalId")
        if own is not None and self.store.find(kind.name, ext_id=own) not in (None, row):
            raise Refused(400, "USER_ERROR", "This external ID already exists.")
        plain = self._checked(kind, body, creating=False)
        return self._written(request, self.store.update(row, plain, delivery=request.delivery, ext_id=own))

    def _put(self, request: Request, kind: ObjectType, ext_id: str, row: Row | None) -> Reply:
        if fault := self.before_write(kind.name, ext_id):
            return fault
        plain = self._checked(kind, _object(request), creating=row is None)
        if row is None:
            written = self.store.insert(kind.name, plain, ext_id=ext_id, delivery=request.delivery)
        else:
            replaced = request.query.get("replace", "").split(",")
            written = self.store.update(row, _merged(kind, row, plain, replaced), delivery=request.delivery)
        return self._written(request, written)

    def _create(self, request: Request, kind: ObjectType) -> Reply:
        body = _object(request)
        ext_id = body.pop("externalId", None)
        if fault := self.before_write(kind.name, ext_id or ""):
            return fault
        if ext_id is not None and self.store.find(kind.name, ext_id=ext_id):
            raise Refused(400, "USER_ERROR", "This record already exists.")
        plain = self._checked(kind, body, creating=True)
        return self._written(
            request, self.store.insert(kind.name, plain, ext_id=ext_id, delivery=request.delivery)
        )

    def _written(self, request: Request, row: Row) -> Reply:
        base = request.url.split("/services/", 1)[0]
        location = f"{base}{_RECORD}{row.obj}/{row.native_id}"
        return self.after_write(row, Reply(204, None, {"Location": location}))

    def _checked(self, kind: ObjectType, body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
        """Return the body with references as internal ids, everything checked against the record type."""
        plain = {name: value for name, value in body.items() if name != "externalId"}
        for name, value in list(plain.items()):
            field = kind.field(name)
            if field is not None and field.type == "reference" and value is not None:
                plain[name] = self._resolved(field, value)
        if faults := check(kind, plain, creating=creating):
            raise _refusal(faults[0])
        return plain

    def _resolved(self, field: Field, value: Any) -> str:
        """Return what a reference points at: an internal id, or the external id of one of our companies."""
        native = value.get("id") if isinstance(value, dict) else None
        external = value.get("externalId") if isinstance(value, dict) else None
        if field.target == "subsidiary" and re.match(SUBSIDIARY, str(external or native or "")):
            return str(external or native)
        if field.target in LISTS and str(native) in LISTS[field.target]:
            return str(native)
        if field.target in OBJECTS:
            by_ext = self.store.find(field.target, ext_id=str(external)) if external else None
            row = by_ext or (self.store.find(field.target, native_id=str(native)) if native else None)
            if row is not None:
                return row.native_id
        raise Refused(
            400, "USER_ERROR", f"Invalid reference key {external or native} for {field.name}.", field.name
        )

    def _shown(self, kind: ObjectType, row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": row.native_id, "externalId": row.ext_id}
        for field in kind.fields:
            value = row.body.get(field.name)
            if field.type == "reference" and value is not None:
                value = self._reference(field, value)
            if value is not None:
                shown[field.name] = value
        return {**shown, "createdDate": row.created_at, "lastModifiedDate": row.modified_at}

    def _reference(self, field: Field, value: str) -> dict[str, Any]:
        if field.target == "subsidiary":
            return {"id": value, "externalId": value, "refName": value}
        row = self.store.find(field.target, native_id=value) if field.target in OBJECTS else None
        title = OBJECTS[field.target].title if row else ""
        return {"id": value, **({"externalId": row.ext_id, "refName": row.body.get(title)} if row else {})}

    def _suiteql(self, request: Request) -> Reply:
        if "transient" not in request.headers.get("prefer", ""):
            raise Refused(400, "INVALID_HEADER", "The Prefer: transient header is required.")
        try:
            query = parse_query(str(_object(request).get("q", "")))
        except BadQuery as error:
            raise Refused(400, "INVALID_PARAMETER", f"Invalid search query: {error}") from error
        if query.source.lower() in PART_TABLES:
            named = OBJECTS if query.source.lower() == "subsidiary" else ("customer",)
            rows = [row for name in named for row in self.store.rows(name)]
            return _paged(request, select_parts(query, rows))
        kind = next((kind for name, kind in OBJECTS.items() if name.lower() == query.source.lower()), None)
        if kind is None:
            raise Refused(400, "INVALID_PARAMETER", f"Record '{query.source}' was not found.")
        rows = [self.as_read(row) for row in self.store.rows(kind.name)]
        chosen = [row for row in rows if query.where(partial(_column, kind, row))]
        for name in reversed(query.order):
            chosen.sort(key=lambda row: _sortable(_column(kind, row, name)))
        return _paged(request, chosen, lambda row: _selected(kind, row, query.columns))

    def _catalog(self, parts: list[str]) -> Reply:
        if not parts:
            return Reply(200, {"items": [{"name": name} for name in OBJECTS]})
        kind = self._kind(parts[0])
        properties = {field.name: _property(field) for field in kind.fields}
        properties["externalId"] = {"type": "string"}
        required = [field.name for field in kind.fields if field.required]
        return Reply(
            200, {"title": kind.label, "type": "object", "properties": properties, "required": required}
        )

    def _kind(self, name: str) -> ObjectType:
        if name not in OBJECTS:
            raise Refused(404, "INVALID_RECORD_TYPE", f"Record type '{name}' does not exist.")
        return OBJECTS[name]


def _paged(
    request: Request, chosen: Sequence[Any], show: Callable[[Any], dict[str, Any]] = lambda row: row
) -> Reply:
    limit, offset = int(request.query.get("limit", 1000)), int(request.query.get("offset", 0))
    items = [{"links": [], **show(row)} for row in chosen[offset : offset + limit]]
    more = offset + limit < len(chosen)
    return Reply(200, {"items": items, "count": len(items), "hasMore": more, "totalResults": len(chosen)})


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError as error:
        raise Refused(400, "INVALID_CONTENT", f"Invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "INVALID_CONTENT", "The body must be an object.")
    return body


def _merged(kind: ObjectType, row: Row, plain: dict[str, Any], replaced: list[str]) -> dict[str, Any]:
    """Sublists are added to what is there, unless the request says `replace`."""
    merged = dict(plain)
    for field in kind.fields:
        if field.type == "list" and field.name in plain and field.name not in replaced:
            before = (row.body.get(field.name) or {}).get("items", [])
            merged[field.name] = {"items": [*before, *(plain[field.name] or {}).get("items", [])]}
    return merged


def _refusal(fault: Fault) -> Refused:
    if fault.problem == "required":
        return Refused(400, "USER_ERROR", f"Please enter value(s) for: {fault.field}", fault.field)
    if fault.problem == "unknown":
        return Refused(400, "INVALID_CONTENT", f"Unknown field name: {fault.field}", fault.field)
    if fault.problem == "too_long":
        detail = f"The field {fault.field} contained more than the maximum number ( {fault.detail} ) of characters."
        return Refused(400, "USER_ERROR", detail, fault.field)
    return Refused(400, "INVALID_CONTENT", f"Invalid value for {fault.field}: {fault.detail}", fault.field)


def _column(kind: ObjectType, row: Row, name: str) -> Any:
    known = {"id": row.native_id, "externalid": row.ext_id, "lastmodifieddate": row.modified_at}
    lowered = name.lower()
    if lowered in known:
        return known[lowered]
    field = next((field for field in kind.fields if field.name.lower() == lowered), None)
    if field is None or field.type == "list":
        raise Refused(400, "INVALID_PARAMETER", f"Field '{name}' for record '{kind.name}' was not found.")
    value = row.body.get(field.name)
    return ("T" if value else "F") if isinstance(value, bool) else value


def _sortable(value: Any) -> tuple[int, int, str]:
    text = "" if value is None else str(value)
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _selected(kind: ObjectType, row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
    values = {name.lower(): _column(kind, row, name) for name in columns}
    return {name: value for name, value in values.items() if value is not None}


def _property(field: Field) -> dict[str, Any]:
    kinds = {"number": "number", "boolean": "boolean", "reference": "object", "list": "object"}
    described: dict[str, Any] = {"type": kinds.get(field.type, "string")}
    if field.length:
        described["maxLength"] = field.length
    if field.type in ("date", "datetime"):
        described["format"] = field.type
    return described
