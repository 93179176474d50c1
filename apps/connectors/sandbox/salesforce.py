"""A Salesforce organisation in small: token endpoint, upsert by external id, collections, SOQL, describe."""

import hmac
import re
import secrets
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.query import BadQuery, parse_query
from apps.connectors.sandbox.salesforce_objects import OBJECTS
from apps.connectors.sandbox.schema import Fault, ObjectType, check
from apps.connectors.sandbox.signin import assertion_is_good
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem

_DAILY_LIMIT = 100_000
_TOKEN_SECONDS = 7200.0
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_API = re.compile(r"^/services/data/v\d+\.0")
_FAULTS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "lock": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records", {}),
    "quota": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}),
    "429": (429, "REQUEST_LIMIT_EXCEEDED", "Too many requests.", {"Retry-After": "1"}),
    "500": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", {}),
    "503": (503, "SERVER_UNAVAILABLE", "Service Unavailable", {}),
    "duplicate": (400, "DUPLICATES_DETECTED", "You're creating a duplicate record.", {}),
    "block": (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule forbids this.", {}),
}


class Refused(Exception):
    """The request is answered with an error envelope."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "errorCode": code, "fields": list(fields)}

    def reply(self) -> Reply:
        return Reply(self.status, [self.error])


class SalesforceSandbox(SandboxSystem):
    name = "salesforce"
    title = "CRM sandbox (Salesforce REST)"
    objects = OBJECTS

    def serve(self, request: Request) -> Reply:
        if request.path == "/services/oauth2/token":
            return self._token(request)
        if not self._signed_in(request):
            return Refused(401, "INVALID_SESSION_ID", "Session expired or invalid").reply()
        used = self.store.count_call()
        try:
            reply = self._route(request, _API.sub("", request.path))
        except Refused as refused:
            reply = refused.reply()
        headers = {"Sforce-Limit-Info": f"api-usage={used}/{_DAILY_LIMIT}", **reply.headers}
        return Reply(reply.status, reply.body, headers, reply.drop, reply.wait)

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        status, code, message, headers = _FAULTS[kind]
        if "retry_after" in options:
            headers = {"Retry-After": str(options["retry_after"])}
        return Reply(status, [{"message": message, "errorCode": code, "fields": []}], headers)

    def _token(self, request: Request) -> Reply:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") == _JWT_BEARER:
            if not assertion_is_good(form.get("assertion", ""), self.secrets):
                return Reply(400, {"error": "invalid_grant", "error_description": "invalid assertion"})
        elif form.get("grant_type") != "client_credentials":
            return Reply(
                400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
            )
        else:
            good = hmac.compare_digest(form.get("client_id", ""), self.secrets["client_id"])
            good &= hmac.compare_digest(form.get("client_secret", ""), self.secrets["client_secret"])
            if not good:
                return Reply(
                    400, {"error": "invalid_client", "error_description": "invalid client credentials"}
                )
        value = f"00DSB0000000001!{secrets.token_urlsafe(32)}"
        self.store.add_token(value, _TOKEN_SECONDS)
        base = request.url.split("/services/", 1)[0]
        return Reply(200, {"access_token": value, "instance_url": base, "token_type": "Bearer"})

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self.store.token_is_good(value)

    def _route(self, request: Request, path: str) -> Reply:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts == ["limits"]:
            return Reply(200, {"DailyApiRequests": {"Max": _DAILY_LIMIT, "Remaining": _DAILY_LIMIT}})
        if parts[0] in ("query", "queryAll"):
            return self._query(request.query.get("q", ""), everything=parts[0] == "queryAll")
        if parts[:2] == ["composite", "sobjects"] and len(parts) == 4 and request.method == "PATCH":
            return self._collections(request, self._kind(parts[2]), parts[3])
        if parts[0] == "sobjects":
            return self._sobjects(request, parts[1:])
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")

    def _sobjects(self, request: Request, parts: list[str]) -> Reply:
        if not parts:
            listed = [
                {"name": kind.name, "label": kind.label, "createable": True} for kind in OBJECTS.values()
            ]
            return Reply(200, {"sobjects": listed})
        kind = self._kind(parts[0])
        if parts[1:] == ["describe"]:
            return Reply(200, _describe(kind))
        if len(parts) == 3 and parts[1] == "MDM_Id__c":
            return self._by_external_id(request, kind, parts[2])
        if len(parts) == 2:
            return self._by_native_id(request, kind, parts[1])
        raise Refused(
            404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {parts[1:]}"
        )

    def _by_external_id(self, request: Request, kind: ObjectType, ext_id: str) -> Reply:
        if request.method == "PATCH":
            if fault := self.before_write(kind.name, ext_id):
                return fault
            row, created = self._upsert(request, kind, ext_id, _object(request))
            body = {"id": row.native_id, "success": True, "errors": [], "created": created}
            return self.after_write(row, Reply(201 if created else 200, body))
        row = self._found(kind, self.store.find(kind.name, ext_id=ext_id))
        return self._read_or_delete(request, kind, row)

    def _by_native_id(self, request: Request, kind: ObjectType, native: str) -> Reply:
        row = self._found(kind, self.store.find(kind.name, native_id=native))
        if request.method == "PATCH":
            if fault := self.before_write(kind.name, row.ext_id or ""):
                return fault
            body = _object(request)
            key = body.get("MDM_Id__c")
            if key is not None and self.store.find(kind.name, ext_id=key) not in (None, row):
                raise Refused(400, "DUPLICATE_VALUE", "duplicate value found: MDM_Id__c")
            changed = self.store.update(row, self._checked(kind, body, creating=False), ext_id=key)
            return self.after_write(changed, Reply(204))
        return self._read_or_delete(request, kind, row)

    def _read_or_delete(self, request: Request, kind: ObjectType, row: Row) -> Reply:
        if request.method == "GET":
            return Reply(200, _fields(kind, self.as_read(row)))
        if request.method == "DELETE":
            self.store.delete(row)
            return Reply(204)
        raise Refused(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.")

    def _upsert(
        self, request: Request, kind: ObjectType, ext_id: str, body: dict[str, Any]
    ) -> tuple[Row, bool]:
        row = self.store.find(kind.name, ext_id=ext_id)
        if row is None and request.query.get("updateOnly") == "true":
            raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
        _check_unmodified(request, row)
        if "MDM_Id__c" in body and "/composite/" not in request.path:
            raise Refused(
                400, "INVALID_FIELD", "The MDM_Id__c field should not be specified in the sobject data."
            )
        body = {name: value for name, value in body.items() if name != "MDM_Id__c"}
        plain = self._checked(kind, body, creating=row is None)
        if row is None:
            values = {**plain, "MDM_Id__c": ext_id}
            return self.store.insert(kind.name, values, ext_id=ext_id, prefix=kind.prefix), True
        return self.store.update(row, plain), False

    def _collections(self, request: Request, kind: ObjectType, field: str) -> Reply:
        records = _object(request).get("records", [])
        if len(records) > 200:
            raise Refused(400, "EXCEEDED_MAX_SIZE", "record limit reached: 200")
        if fault := self.before_write(kind.name, ""):
            return fault
        results, last = [], None
        for record in records:
            result, last = self._collect_one(request, kind, field, record, last)
            results.append(result)
        reply = Reply(200, results)
        return self.after_write(last, reply) if last else reply

    def _collect_one(
        self, request: Request, kind: ObjectType, field: str, record: dict[str, Any], last: Row | None
    ) -> tuple[dict[str, Any], Row | None]:
        values = {name: value for name, value in record.items() if name != "attributes"}
        ext_id = str(values.get(field, ""))
        if fault := self.faults.take(frozenset({"lock", "duplicate", "block"}), f"{kind.name}#item", ext_id):
            error = self.fault_reply(fault.kind, fault.options).body[0]
        else:
            try:
                row, created = self._upsert(request, kind, ext_id, values)
                return {"id": row.native_id, "success": True, "errors": [], "created": created}, row
            except Refused as refused:
                error = refused.error
        entry = {"statusCode": error["errorCode"], "message": error["message"], "fields": error["fields"]}
        return {"success": False, "errors": [entry]}, last

    def _checked(self, kind: ObjectType, body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
        """Return plain fields: relations resolved to ids, everything checked against the object."""
        plain: dict[str, Any] = {}
        for name, value in body.items():
            relation = kind.relation(name)
            if relation is not None and isinstance(value, dict):
                plain[relation.name] = self._parent_id(relation.target, str(value.get("MDM_Id__c", "")))
            else:
                plain[name] = value
        if faults := check(kind, plain, creating=creating):
            raise _refusal(kind, faults)
        return plain

    def _parent_id(self, target: str, ext_id: str) -> str:
        parent = self.store.find(target, ext_id=ext_id)
        if parent is None:
            message = f"Foreign key external ID: {ext_id} not found for field MDM_Id__c in entity {target}"
            raise Refused(400, "INVALID_FIELD", message, ("MDM_Id__c",))
        return parent.native_id

    def _query(self, text: str, *, everything: bool) -> Reply:
        try:
            query = parse_query(text)
        except BadQuery as error:
            raise Refused(400, "MALFORMED_QUERY", str(error)) from error
        kind = self._kind(query.source)
        rows = [self.as_read(row) for row in self.store.rows(kind.name, deleted=everything)]
        chosen = [row for row in rows if query.where(partial(self._value, kind, row))]
        for name in reversed(query.order):
            chosen.sort(key=lambda row: str(self._value(kind, row, name) or ""))
        records = [self._selected(kind, row, query.columns) for row in chosen[: query.limit]]
        return Reply(200, {"totalSize": len(records), "done": True, "records": records})

    def _value(self, kind: ObjectType, row: Row, path: str) -> Any:
        head, _, tail = path.partition(".")
        if tail:
            relation = kind.relation(head)
            if relation is None:
                raise Refused(400, "INVALID_FIELD", f"Didn't understand relationship '{head}' in field path.")
            parent_id = row.body.get(relation.name)
            parent = self.store.find(relation.target, native_id=parent_id) if parent_id else None
            return self._value(OBJECTS[relation.target], parent, tail) if parent else None
        known = {"Id": row.native_id, "SystemModstamp": row.modified_at, "CreatedDate": row.created_at,
                 "LastModifiedDate": row.modified_at, "IsDeleted": row.deleted}  # fmt: skip
        if head in known:
            return known[head]
        if kind.field(head) is None:
            raise Refused(400, "INVALID_FIELD", f"No such column '{head}' on entity '{kind.name}'.")
        return row.body.get(head)

    def _selected(self, kind: ObjectType, row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
        record: dict[str, Any] = {
            "attributes": {"type": kind.name, "url": f"/sobjects/{kind.name}/{row.native_id}"}
        }
        for path in columns:
            head, _, tail = path.partition(".")
            value = self._value(kind, row, path)
            record[head] = value if not tail else ({tail: value} if value is not None else None)
        return record

    def _kind(self, name: str) -> ObjectType:
        if name not in OBJECTS:
            raise Refused(404, "NOT_FOUND", f"sObject type '{name}' is not supported.")
        return OBJECTS[name]

    def _found(self, kind: ObjectType, row: Row | None) -> Row:
        if row is None:
            raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
        return row


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError as error:
        raise Refused(400, "JSON_PARSER_ERROR", f"Unexpected character: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of sobject")
    return body


def _check_unmodified(request: Request, row: Row | None) -> None:
    since = request.headers.get("if-unmodified-since")
    if since is None or row is None:
        return
    modified = datetime.fromisoformat(row.modified_at).replace(microsecond=0)
    if modified > parsedate_to_datetime(since):
        raise Refused(412, "PRECONDITION_FAILED", "The record was modified since.")


def _refusal(kind: ObjectType, faults: list[Fault]) -> Refused:
    first = faults[0]
    names = tuple(fault.field for fault in faults if fault.problem == first.problem)
    if first.problem == "required":
        return Refused(
            400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
        )
    if first.problem == "unknown":
        return Refused(400, "INVALID_FIELD", f"No such column '{first.field}' on sobject of type {kind.name}")
    if first.problem == "too_long":
        message = f"{first.field}: data value too large (max length={first.detail})"
        return Refused(400, "STRING_TOO_LONG", message, (first.field,))
    if first.problem == "choice":
        message = f"{first.field}: bad value for restricted picklist field: {first.detail}"
        return Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (first.field,))
    return Refused(
        400, "JSON_PARSER_ERROR", f"Cannot deserialize {first.field}: {first.detail}", (first.field,)
    )


def _fields(kind: ObjectType, row: Row) -> dict[str, Any]:
    return {
        "attributes": {"type": kind.name},
        "Id": row.native_id,
        "SystemModstamp": row.modified_at,
        **{field.name: row.body.get(field.name) for field in kind.fields},
    }


def _describe(kind: ObjectType) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "Id", "type": "id", "nillable": False, "updateable": False, "length": 18}
    ]
    fields.extend(
        {
            "name": field.name,
            "type": {"number": "double", "choice": "picklist"}.get(field.type, field.type),
            "length": field.length,
            "nillable": not field.required,
            "updateable": True,
            "externalId": field.external_id,
            "referenceTo": [field.target] if field.target else [],
            "relationshipName": field.relation or None,
        }
        for field in kind.fields
    )
    return {"name": kind.name, "label": kind.label, "keyPrefix": kind.prefix, "fields": fields}
