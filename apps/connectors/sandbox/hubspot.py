"""A HubSpot portal in small: private-app token, batch upsert and read, search, associations, properties."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from apps.connectors.sandbox.hubspot_objects import DATES, NUMBERS, OBJECTS
from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.schema import ObjectType, check
from apps.connectors.sandbox.signin import form_of
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem

_MODIFIED = "hs_lastmodifieddate"
_ISO_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_FAULTS: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "lock": (423, "LOCKED", "The record is locked by another operation.", {}),
    "quota": (429, "RATE_LIMITS", "You have reached your daily limit.", {"policyName": "DAILY"}),
    "429": (
        429,
        "RATE_LIMITS",
        "You have reached your ten_secondly_rolling limit.",
        {"policyName": "TEN_SECONDLY_ROLLING"},
    ),
    "500": (500, "INTERNAL_ERROR", "internal error", {}),
    "503": (503, "SERVICE_UNAVAILABLE", "Service Unavailable", {}),
    "duplicate": (409, "CONFLICT", "Company already exists. Existing ID: 51", {}),
    "block": (400, "VALIDATION_ERROR", "A pipeline rule forbids this change.", {}),
}


class Refused(Exception):
    """The request is answered with an error envelope."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {
            "status": "error",
            "message": message,
            "correlationId": str(uuid4()),
            "category": category,
            **more,
        }

    def reply(self) -> Reply:
        return Reply(self.status, self.error)


class HubSpotSandbox(SandboxSystem):
    name = "hubspot"
    title = "CRM sandbox (HubSpot)"
    objects = OBJECTS

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ties: dict[tuple[str, str, str], str] = {}
        """(object, id, other object) to the other's id: the default associations."""

    def reset(self) -> None:
        super().reset()
        self.ties.clear()

    def serve(self, request: Request) -> Reply:
        if request.path == "/oauth/v1/token" and request.method == "POST":
            return self._renewed(request)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or (value != self.secrets["token"] and not self.store.token_is_good(value)):
            return Refused(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.").reply()
        self.store.count_call()
        try:
            return self._route(request, [unquote(part) for part in request.path.strip("/").split("/")])
        except Refused as refused:
            return refused.reply()

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        status, category, message, more = _FAULTS[kind]
        headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
        if kind == "429":
            headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
        return Reply(status, Refused(status, category, message, **more).error, headers)

    def _renewed(self, request: Request) -> Reply:
        form = form_of(request)
        names = ("client_id", "client_secret", "refresh_token")
        if form.get("grant_type") != "refresh_token" or any(
            form.get(name) != self.secrets.get(name) for name in names
        ):
            return Reply(400, {"status": "BAD_REFRESH_TOKEN", "error": "invalid_grant"})
        value = str(uuid4())
        self.store.add_token(value, 1800)
        return Reply(200, {"access_token": value, "expires_in": 1800, "token_type": "bearer"})

    def _route(self, request: Request, parts: list[str]) -> Reply:
        if parts == ["account-info", "v3", "details"]:
            return Reply(200, {"portalId": 1, "timeZone": "Europe/London"})
        if parts[:3] == ["crm", "v3", "properties"] and len(parts) == 4:
            return _properties(self._kind(parts[3]))
        if parts[:3] == ["crm", "v3", "schemas"] and len(parts) == 4:
            kind = self._kind(parts[3])
            return Reply(200, {"requiredProperties": [f.name for f in kind.fields if f.required]})
        if parts[:3] == ["crm", "v4", "associations"]:
            return self._associations(request, parts[3:])
        if parts[:3] != ["crm", "v3", "objects"] or len(parts) < 4:
            raise Refused(404, "OBJECT_NOT_FOUND", "There is no such address.")
        kind, rest = self._kind(parts[3]), parts[4:]
        routes: dict[tuple[str, ...], Callable[[Request, ObjectType], Reply]] = {
            ("POST", "batch", "upsert"): self._upsert,
            ("POST", "batch", "read"): self._read,
            ("POST", "search"): self._search,
            ("GET",): self._list,
        }
        route = routes.get((request.method, *rest))
        if route is not None:
            return route(request, kind)
        if request.method == "PATCH" and len(rest) == 1:
            return self._update(request, kind, rest[0])
        raise Refused(404, "OBJECT_NOT_FOUND", "There is no such address.")

    def _upsert(self, request: Request, kind: ObjectType) -> Reply:
        inputs = _object(request).get("inputs", [])
        if not 1 <= len(inputs) <= 100:
            raise Refused(400, "VALIDATION_ERROR", "inputs: between 1 and 100 are accepted")
        if fault := self.before_write(kind.name, ""):
            return fault
        results: list[Any] = []
        errors: list[Any] = []
        last: Row | None = None
        for one in inputs:
            try:
                last, created = self._upsert_one(kind, one)
                trace = (
                    {"objectWriteTraceId": one["objectWriteTraceId"]} if "objectWriteTraceId" in one else {}
                )
                results.append({**_shown(last, last.body), "new": created, **trace})
            except Refused as refused:
                if "objectWriteTraceId" not in one:
                    raise
                errors.append(
                    {**refused.error, "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]}}
                )
        body: dict[str, Any] = {"status": "COMPLETE", "results": results}
        if errors:
            body |= {"numErrors": len(errors), "errors": errors}
        reply = Reply(207 if errors else 200, body)
        return self.after_write(last, reply) if last else reply

    def _upsert_one(self, kind: ObjectType, one: dict[str, Any]) -> tuple[Row, bool]:
        key = str(one.get("id", ""))
        if one.get("idProperty") != "mdm_id":
            raise Refused(400, "VALIDATION_ERROR", "idProperty must be a property with unique values")
        if (fault := self.before_write(kind.name, key)) and fault.body:
            raise Refused(fault.status, fault.body["category"], fault.body["message"])
        row = self.store.find(kind.name, ext_id=key)
        values = _checked(kind, one.get("properties", {}), creating=row is None)
        if row is None:
            return self.store.insert(kind.name, {**values, "mdm_id": key}, ext_id=key), True
        return self.store.update(row, values), False

    def _update(self, request: Request, kind: ObjectType, key: str) -> Reply:
        by_key = request.query.get("idProperty") == "mdm_id"
        row = self.store.find(kind.name, ext_id=key if by_key else None, native_id=None if by_key else key)
        if row is None:
            raise Refused(404, "OBJECT_NOT_FOUND", f"No {kind.name} with ID {key} exists.")
        if fault := self.before_write(kind.name, row.ext_id or ""):
            return fault
        given = _object(request).get("properties", {})
        own = None if by_key else given.pop("mdm_id", None)
        if own is not None and self.store.find(kind.name, ext_id=own) not in (None, row):
            raise Refused(
                400, "VALIDATION_ERROR", "mdm_id: a property with unique values has this one already"
            )
        changed = self.store.update(row, _checked(kind, given, creating=False), ext_id=own)
        return self.after_write(changed, Reply(200, _shown(changed, changed.body)))

    def _read(self, request: Request, kind: ObjectType) -> Reply:
        asked = _object(request)
        by_key = asked.get("idProperty") == "mdm_id"
        found, missing = [], []
        for one in asked.get("inputs", []):
            key = str(one.get("id"))
            row = self.store.find(
                kind.name, ext_id=key if by_key else None, native_id=None if by_key else key
            )
            if row is None:
                missing.append(key)
            else:
                found.append(self._row(kind, row, asked.get("properties", [])))
        body: dict[str, Any] = {"status": "COMPLETE", "results": found}
        if missing:
            error = Refused(404, "OBJECT_NOT_FOUND", "Could not get some records", context={"ids": missing})
            body |= {"numErrors": 1, "errors": [error.error]}
        return Reply(207 if missing else 200, body)

    def _list(self, request: Request, kind: ObjectType) -> Reply:
        limit = int(request.query.get("limit", 10))
        if limit > 100:
            raise Refused(400, "VALIDATION_ERROR", "limit may be at most 100")
        after = int(request.query.get("after", 0))
        rows = [row for row in self.store.rows(kind.name) if int(row.native_id) > after]
        names = [name for name in request.query.get("properties", "").split(",") if name]
        return Reply(200, self._page(kind, rows, limit, names, lambda page: page[-1].native_id))

    def _search(self, request: Request, kind: ObjectType) -> Reply:
        asked = _object(request)
        groups = asked.get("filterGroups", [])
        if len(asked.get("sorts", [])) > 1:
            raise Refused(400, "VALIDATION_ERROR", "only one sort is supported")
        rows = [row for row in self.store.rows(kind.name) if all(_passes(row, group) for group in groups)]
        rows.sort(key=lambda row: row.modified_at)
        after, limit = int(asked.get("after") or 0), int(asked.get("limit", 10))
        names = asked.get("properties", [])
        return Reply(200, self._page(kind, rows[after:], limit, names, lambda page: str(after + len(page))))

    def _page(
        self,
        kind: ObjectType,
        rows: list[Row],
        limit: int,
        names: list[str],
        following: Callable[[list[Row]], str],
    ) -> dict[str, Any]:
        page = rows[:limit]
        more = {"paging": {"next": {"after": following(page)}}} if len(rows) > limit else {}
        return {"results": [self._row(kind, row, names) for row in page], **more}

    def _row(self, kind: ObjectType, row: Row, names: list[str]) -> dict[str, Any]:
        seen = self.as_read(row)
        values = {**seen.body, "mdm_id": seen.ext_id, _MODIFIED: seen.modified_at}
        known = {*(field.name for field in kind.fields), _MODIFIED}
        return _shown(seen, {name: values.get(name) for name in names if name in known})

    def _associations(self, request: Request, parts: list[str]) -> Reply:
        obj, other, *verb = parts
        inputs = _object(request).get("inputs", [])
        self._kind(obj), self._kind(other)
        if verb == ["batch", "read"]:
            found = [
                {"from": {"id": one["id"]}, "to": [{"toObjectId": int(tied)}]}
                for one in inputs
                if (tied := self.ties.get((obj, str(one["id"]), other)))
            ]
            return Reply(200, {"status": "COMPLETE", "results": found})
        if verb != ["batch", "associate", "default"]:
            raise Refused(404, "OBJECT_NOT_FOUND", "There is no such address.")
        for one in inputs:
            if self.store.find(other, native_id=str(one["to"]["id"])) is None:
                raise Refused(404, "OBJECT_NOT_FOUND", f"No {other} with ID {one['to']['id']} exists.")
            self.ties[obj, str(one["from"]["id"]), other] = str(one["to"]["id"])
        return Reply(200, {"status": "COMPLETE", "results": []})

    def _kind(self, name: str) -> ObjectType:
        if name not in OBJECTS:
            raise Refused(404, "OBJECT_NOT_FOUND", f"Unable to infer object type from: {name}")
        return OBJECTS[name]


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError as error:
        raise Refused(400, "VALIDATION_ERROR", f"Invalid input JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "VALIDATION_ERROR", "The body must be an object.")
    return body


def _checked(kind: ObjectType, values: dict[str, Any], *, creating: bool) -> dict[str, Any]:
    if "mdm_id" in values:
        raise Refused(400, "VALIDATION_ERROR", "the id property must not be among the properties")
    for name, value in values.items():
        if not isinstance(value, str):
            raise Refused(400, "VALIDATION_ERROR", f"{name}: {value!r} is no text")
        if name in NUMBERS and value and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            raise Refused(400, "VALIDATION_ERROR", f"{name}: {value!r} was not a valid number.")
        if name in DATES and value and not _ISO_DAY.match(value):
            raise Refused(400, "VALIDATION_ERROR", f"{name}: {value!r} was not a valid date.")
    if faults := check(kind, values, creating=creating):
        first = faults[0]
        raise Refused(
            400, "VALIDATION_ERROR", f"Property values were not valid: {first.field} {first.problem}"
        )
    return values


def _shown(row: Row, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row.native_id,
        "properties": values,
        "createdAt": row.created_at,
        "updatedAt": row.modified_at,
        "archived": row.deleted,
    }


def _passes(row: Row, group: dict[str, Any]) -> bool:
    for one in group.get("filters", []):
        if (one.get("propertyName"), one.get("operator")) != (_MODIFIED, "GTE"):
            raise Refused(400, "VALIDATION_ERROR", "this sandbox searches by modification time only")
        since = datetime.fromtimestamp(int(one["value"]) / 1000, UTC)
        if datetime.fromisoformat(row.modified_at.replace("Z", "+00:00")) < since:
            return False
    return True


def _properties(kind: ObjectType) -> Reply:
    rows = [
        {
            "name": field.name,
            "type": "number" if field.name in NUMBERS else "date" if field.name in DATES else "string",
            "hasUniqueValue": field.external_id,
            "modificationMetadata": {"readOnlyValue": field.read_only},
        }
        for field in kind.fields
    ]
    return Reply(200, {"results": rows})
