"""An S/4HANA system in small: OData V2 with CSRF tokens, ETags, deep insert and $batch."""

import base64
import re
import secrets
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.odata import BadFilter, batch_reply, parse_filter, read_batch
from apps.connectors.sandbox.sap_objects import KEYS, OBJECTS, PARTS, SERVICES, with_contract
from apps.connectors.sandbox.sap_values import Refused, clock_of, metadata, plain, wire
from apps.connectors.sandbox.schema import ObjectType, check
from apps.connectors.sandbox.signin import bearer_is_good, issue_bearer
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem

_ROOT = "/sap/opu/odata/sap/"
_KEYED = re.compile(r"^(\w+)\((.+)\)$")
_KEY = re.compile(r"(?:(\w+)=)?(?:guid)?'((?:[^']|'')*)'")
_COOKIE = re.compile(r"SAP_SESSIONID=([\w-]+)")
_FAULTS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "lock": (400, "R1/251", "Business partner 1000001 is currently being processed by user X", {}),
    "quota": (429, "/IWFND/CM_MGW/429", "Too many requests", {"Retry-After": "60"}),
    "429": (429, "/IWFND/CM_MGW/429", "Too many requests", {"Retry-After": "30"}),
    "500": (500, "/IWFND/CM_MGW/500", "Internal server error", {}),
    "503": (503, "/IWFND/CM_MGW/503", "Service unavailable", {"Retry-After": "30"}),
    "duplicate": (400, "R1/108", "Business partner already exists", {}),
    "block": (400, "R11/777", "The customer is blocked for sales area 1000", {}),
}


class SapSandbox(SandboxSystem):
    name = "sap"
    title = "ERP sandbox (SAP S/4HANA, OData V2)"
    objects = {name: kind for name, kind in OBJECTS.items() if name in KEYS}

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.kinds = dict(OBJECTS)
        self._sessions: dict[str, str] = {}

    def use_contract(self, edmx: str) -> None:
        """Check payloads against a vendor's EDMX from now on, for the entity sets that it describes."""
        for name, kind in OBJECTS.items():
            if f'EntitySet Name="{name}"' in edmx:
                self.kinds[name] = with_contract(kind, edmx)

    def serve(self, request: Request) -> Reply:
        if request.path == "/oauth/token" and request.method == "POST":
            return issue_bearer(request, self.store, self.secrets, seconds=599)
        if not self._signed_in(request):
            return Reply(401, "Logon failed", {"WWW-Authenticate": "Basic", "Content-Type": "text/html"})
        self.store.count_call()
        try:
            return self._service(request)
        except Refused as refused:
            return refused.reply()

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        status, code, message, headers = _FAULTS[kind]
        if "retry_after" in options:
            headers = {"Retry-After": str(options["retry_after"])}
        reply = Refused(status, code, message).reply()
        return Reply(reply.status, reply.body, headers)

    def expire_tokens(self) -> None:
        super().expire_tokens()
        self._sessions.clear()

    def _signed_in(self, request: Request) -> bool:
        pair = f"{self.secrets['username']}:{self.secrets['password']}".encode()
        given = request.headers.get("authorization", "")
        return given == f"Basic {base64.b64encode(pair).decode()}" or bearer_is_good(request, self.store)

    def _service(self, request: Request) -> Reply:
        service, _, path = request.path.removeprefix(_ROOT).partition("/")
        if service not in SERVICES:
            raise Refused(404, "/IWFND/MED/170", f"No service found for namespace, name {service}")
        if request.method in ("GET", "HEAD"):
            reply = self._read(request, service, path)
            if request.headers.get("x-csrf-token", "").lower() == "fetch":
                session, token = secrets.token_hex(8), secrets.token_urlsafe(18)
                self._sessions[session] = token
                headers = {
                    **reply.headers,
                    "x-csrf-token": token,
                    "Set-Cookie": f"SAP_SESSIONID={session}; path=/",
                }
                return Reply(reply.status, reply.body, headers)
            return reply
        cookie = _COOKIE.search(request.headers.get("cookie", ""))
        known = self._sessions.get(cookie[1]) if cookie else None
        if known is None or request.headers.get("x-csrf-token") != known:
            return Reply(403, "CSRF token validation failed", {"x-csrf-token": "Required"})
        if path == "$batch":
            return self._batch(request, service)
        return self._write(request, path)

    def _batch(self, request: Request, service: str) -> Reply:
        if fault := self.before_write("$batch", ""):
            return fault
        return batch_reply([self._change_set(operations, service) for operations in read_batch(request)])

    def _change_set(self, operations: list[Request], service: str) -> list[Reply]:
        """Do all of a change set or nothing."""
        replies = []
        try:
            with self.store.transaction():
                for operation in operations:
                    reply = self._write(operation, operation.path.removeprefix(f"{_ROOT}{service}/"))
                    replies.append(reply)
                    if reply.status >= 400:
                        raise Refused(reply.status, "", "", reply)
        except Refused as refused:
            return [refused.reply()]
        return replies

    def _read(self, request: Request, service: str, path: str) -> Reply:
        if path == "":
            return Reply(200, {"d": {"EntitySets": [kind.name for kind in SERVICES[service]]}})
        if path == "$metadata":
            kinds = [self.kinds[kind.name] for kind in SERVICES[service]]
            return Reply(200, metadata(kinds, KEYS), {"Content-Type": "application/xml"})
        if path not in {kind.name for kind in SERVICES[service]}:
            raise Refused(404, "/IWBEP/CM_MGW_RT/021", f"Resource not found for segment '{path}'")
        query = request.query
        try:
            test = parse_filter(query.get("$filter", ""))
        except BadFilter as error:
            raise Refused(400, "/IWBEP/CM_MGW_RT/176", f"Invalid filter: {error}") from error
        rows = [row for row in self._rows(path) if test(partial(_value, row))]
        for name in reversed([part for part in query.get("$orderby", "").split(",") if part]):
            rows.sort(key=lambda row: str(row.get(name) or ""))
        if "$top" in query:
            rows = rows[: int(query["$top"])]
        return Reply(200, {"d": {"results": [self._shown(path, row, query) for row in rows]}})

    def _rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a set as plain values; parts are collected from the partners they hang on."""
        if name in PARTS:
            under, _ = PARTS[name]
            return [
                {"BusinessPartner": row.native_id, **part}
                for row in self.store.rows("A_BusinessPartner")
                for part in row.body.get(under) or ()
            ]
        return [_seen(name, self.as_read(row)) for row in self.store.rows(name)]

    def _shown(self, name: str, row: dict[str, Any], query: Any) -> dict[str, Any]:
        kind = self.kinds[name]
        chosen = query["$select"].split(",") if query.get("$select") else [f.name for f in kind.fields]
        expanded = set(query.get("$expand", "").split(","))
        shown: dict[str, Any] = {"__metadata": {"type": name, "etag": row.get("__etag")}}
        for column in chosen:
            field = kind.field(column)
            if field is None:
                raise Refused(400, "/IWBEP/CM_MGW_RT/111", f"Property {column} not found in type {name}")
            if field.type == "list":
                part = row.get(column) or []
                shown[column] = (
                    {"results": wire(part)} if column in expanded else {"__deferred": {"uri": "x"}}
                )
            else:
                shown[column] = wire(row.get(column), field)
        return shown

    def _write(self, request: Request, path: str) -> Reply:
        keyed = _KEYED.match(path)
        name = keyed[1] if keyed else path
        if name not in self.kinds or name == "A_BillingDocument":
            raise Refused(405, "/IWBEP/CM_MGW_RT/022", f"Method {request.method} is not supported for {name}")
        keys = (
            {key or KEYS.get(name, ""): value.replace("''", "'") for key, value in _KEY.findall(keyed[2])}
            if keyed
            else {}
        )
        if name in PARTS:
            return self._write_part(request, name, keys)
        if keyed is None and request.method == "POST":
            return self._create(request, self.kinds[name])
        if keyed is None or request.method not in ("PATCH", "MERGE"):
            raise Refused(405, "/IWBEP/CM_MGW_RT/022", f"Method {request.method} is not supported here")
        row = self.store.find(name, native_id=keys[KEYS[name]])
        if row is None:
            raise Refused(404, "/IWBEP/CM_MGW_RT/020", "Resource not found")
        return self._update(request, self.kinds[name], row)

    def _create(self, request: Request, kind: ObjectType) -> Reply:
        body = self._checked(kind, _object(request), creating=True)
        ext_id = _ext_id(kind.name, body)
        if fault := self.before_write(kind.name, ext_id or ""):
            return fault
        if ext_id and self.store.find(kind.name, ext_id=ext_id):
            raise Refused(400, "R1/108", "Identification number already exists")
        for number, part in enumerate(body.get("to_BusinessPartnerAddress") or (), 1):
            part["AddressID"] = str(20000 + number)
        native = str(uuid4()) if kind.name == "A_EnterpriseProject" else ""
        row = self.store.insert(kind.name, body, ext_id=ext_id, native_id=native)
        made = {"d": {"__metadata": {"etag": _etag(row)}, KEYS[kind.name]: row.native_id}}
        return self.after_write(row, Reply(201, made, {"ETag": _etag(row)}))

    def _update(self, request: Request, kind: ObjectType, row: Row) -> Reply:
        if fault := self.before_write(kind.name, row.ext_id or ""):
            return fault
        condition = request.headers.get("if-match")
        if condition is None:
            raise Refused(428, "/IWFND/CM_MGW/000", "Precondition required")
        if condition not in ("*", _etag(row)):
            raise Refused(412, "/IWFND/CM_MGW/412", "Precondition failed")
        body = _object(request)
        if any(name.startswith("to_") for name in body):
            raise Refused(400, "/IWBEP/CM_MGW_RT/110", "Deep updates are not supported")
        changed = self.store.update(
            row, self._checked(kind, body, creating=False), ext_id=_ext_id(kind.name, body)
        )
        return self.after_write(changed, Reply(204, None, {"ETag": _etag(changed)}))

    def _write_part(self, request: Request, name: str, keys: dict[str, str]) -> Reply:
        body = self._checked(self.kinds[name], _object(request), creating=False)
        under, names = PARTS[name]
        number = keys.get("BusinessPartner") or str(body.pop("BusinessPartner", ""))
        row = self.store.find("A_BusinessPartner", native_id=number)
        if row is None:
            raise Refused(404, "/IWBEP/CM_MGW_RT/020", "Resource not found")
        if fault := self.before_write("A_BusinessPartner", row.ext_id or ""):
            return fault
        parts = [dict(part) for part in row.body.get(under) or ()]
        if request.method == "POST":
            if name == "A_BusinessPartnerAddress":
                body["AddressID"] = str(20001 + len(parts))
            parts.append(body)
        else:
            same = next((p for p in parts if all(p.get(key) == keys.get(key) for key in names)), None)
            if same is None:
                raise Refused(404, "/IWBEP/CM_MGW_RT/020", "Resource not found")
            same.update(body)
        self.store.update(row, {under: parts}, ext_id=_ext_id("A_BusinessPartner", {under: parts}))
        return Reply(
            201 if request.method == "POST" else 204, {"d": body} if request.method == "POST" else None
        )

    def _checked(self, kind: ObjectType, body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
        values = {name: plain(value) for name, value in body.items()}
        for name, value in list(values.items()):
            if name.startswith("to_") and isinstance(value, list):
                part = next((key for key, (under, _) in PARTS.items() if under == name), None)
                if part is None:
                    continue
                values[name] = [self._checked(self.kinds[part], one, creating=False) for one in value]
        if faults := check(kind, values, creating=creating):
            first = faults[0]
            raise Refused(
                400,
                "/IWBEP/CM_MGW_RT/110",
                f"{first.field}: {first.problem} {first.detail}",
                field=first.field,
            )
        for field in kind.fields:
            number = values.get(field.name)
            if field.target and number and not self.store.find(field.target, native_id=str(number)):
                raise Refused(400, "VP/190", f"{field.name} {number} does not exist", field=field.name)
        return values


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError as error:
        raise Refused(400, "/IWBEP/CM_MGW_RT/061", f"Error while parsing JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "/IWBEP/CM_MGW_RT/061", "The body must be an object")
    return body


def _etag(row: Row) -> str:
    return f"W/\"'{row.version}'\""


def _ext_id(name: str, body: dict[str, Any]) -> str | None:
    stored = {"A_SalesOrder": "PurchaseOrderByShipToParty", "A_EnterpriseProject": "YY1_MDMID_PPH"}
    if name in stored:
        return _long(str(body[stored[name]])) if body.get(stored[name]) else None
    own = (
        part for part in body.get("to_BuPaIdentification") or () if part.get("BPIdentificationType") == "ZMDM"
    )
    return next((str(part["BPIdentificationNumber"]) for part in own), None)


def _long(key: str) -> str:
    try:
        return str(UUID(key)) if len(key) == 32 else key
    except ValueError:
        return key


def _seen(name: str, row: Row) -> dict[str, Any]:
    """Return a record with what the system itself keeps about it."""
    names = [str(row.body.get(f"OrganizationBPName{number}") or "") for number in (1, 2, 3, 4)]
    person = [str(row.body.get(part) or "") for part in ("FirstName", "LastName")]
    full = "".join(names) or " ".join(part for part in person if part)
    kept: dict[str, Any] = {KEYS[name]: row.native_id, "__etag": _etag(row)}
    if name == "A_BusinessPartner":
        kept |= {"BusinessPartnerFullName": full, "CreationDate": row.created_at[:10]}
        kept["CreationTime"] = clock_of(row.created_at)
        changed = row.modified_at != row.created_at
        kept["LastChangeDate"] = row.modified_at[:10] if changed else None
        kept["LastChangeTime"] = clock_of(row.modified_at) if changed else None
    else:
        kept["LastChangeDateTime"] = row.modified_at
    return {**row.body, **kept}


def _value(row: dict[str, Any], name: str) -> Any:
    if name not in row and name not in {f.name for kind in OBJECTS.values() for f in kind.fields}:
        raise Refused(400, "/IWBEP/CM_MGW_RT/111", f"Property {name} not found")
    return row.get(name)
