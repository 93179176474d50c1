"""A Tryton server in small: JSON-RPC sessions, search domains, create, write with timestamps, lists by command."""

import base64
import hmac
import json
import secrets
from datetime import UTC, date, datetime
from typing import Any

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.store import Row
from apps.connectors.sandbox.system import SandboxSystem
from apps.connectors.sandbox.tryton_objects import LISTS, MODELS, OBJECTS, PARTS

_FAULTS: dict[str, list[Any]] = {
    "lock": ["could not obtain lock on row in relation party_party", "Traceback ..."],
    "duplicate": ["UserError", ["The identifier must be unique.", "", None]],
    "block": ["UserError", ['You cannot modify invoice "7" because it is posted.', "", None]],
}
_STATUSES = {"quota": 429, "429": 429, "500": 500, "503": 503}
_SESSION_SECONDS = 300.0


class Refused(Exception):
    """The call is answered with an error inside of a status 200, or with a bare status."""

    def __init__(self, error: list[Any] | None = None, status: int = 200) -> None:
        super().__init__(str(error))
        self.error, self.status = error, status


def _user_error(text: str) -> Refused:
    return Refused(["UserError", [text, "", None]])


class TrytonSandbox(SandboxSystem):
    name = "tryton"
    title = "ERP sandbox (Tryton JSON-RPC)"
    objects = OBJECTS

    def serve(self, request: Request) -> Reply:
        try:
            asked = request.json()
            method, params, number = asked["method"], asked["params"], asked["id"]
        except (ValueError, KeyError, TypeError):
            return Reply(400, "Unable to read JSON request")
        if method == "common.db.login":
            return self._login(params, number)
        if not self._signed_in(request):
            return Reply(401, "")
        self.store.count_call()
        try:
            return self._answered(number, self._dispatch(method, params))
        except Refused as refused:
            if refused.status != 200:
                return Reply(refused.status, "")
            return Reply(200, {"id": number, "error": refused.error})

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        if kind in _STATUSES:
            headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
            return Reply(_STATUSES[kind], "<h1>error</h1>", headers)
        return Reply(200, {"id": 1, "error": _FAULTS[kind]})

    def _login(self, params: list[Any], number: Any) -> Reply:
        user, given = str(params[0]), str((params[1] or {}).get("password", ""))
        good = hmac.compare_digest(user.encode(), self.secrets["username"].encode())
        good &= hmac.compare_digest(given.encode(), self.secrets["password"].encode())
        if not good:
            return Reply(401, "")
        value = secrets.token_hex(16)
        self.store.add_token(value, _SESSION_SECONDS)
        return Reply(200, {"id": number, "result": [1, value, None]})

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, session = base64.b64decode(value).decode().split(":")
        except ValueError:
            return False
        return scheme == "Session" and user == self.secrets["username"] and self.store.token_is_good(session)

    def _answered(self, number: Any, result: Any) -> Reply:
        if isinstance(result, Reply):
            if isinstance(result.body, dict) and "done" in result.body:
                return Reply(200, {"id": number, "result": result.body["done"]}, drop=result.drop)
            return Reply(result.status, result.body, result.headers, result.drop, result.wait)
        return Reply(200, {"id": number, "result": result})

    def _dispatch(self, method: str, params: list[Any]) -> Any:
        if method == "model.res.user.get_preferences":
            return {"language": "en"}
        _, _, rest = method.partition(".")
        model, _, verb = rest.rpartition(".")
        if model not in MODELS:
            raise Refused([f"'{model}'", "Traceback (most recent call last): ..."])
        context = params[-1] if params and isinstance(params[-1], dict) else None
        if context is None:
            raise Refused(status=422)
        if verb == "fields_get":
            return MODELS[model]
        if verb == "search_read":
            return self._search_read(model, *params[:5])
        if verb == "read":
            rows = {row["id"]: row for row in self._rows(model)}
            return [self._shown(model, rows[number], params[1]) for number in params[0] if number in rows]
        if verb == "create":
            return self._create(model, params[0])
        if verb == "write":
            return self._write(model, params[0], params[1], context.get("_timestamp") or {})
        raise Refused(status=403)

    def _rows(self, model: str) -> list[dict[str, Any]]:
        if model in LISTS:
            return [{"id": n, "code": code, "name": code} for n, code in enumerate(LISTS[model], 1)]
        if model in PARTS:
            owner, under = PARTS[model]
            inverse = MODELS[owner][under]["relation_field"]
            return [
                {**part, inverse: int(row.native_id)}
                for row in self.store.rows(owner)
                for part in row.body.get(under) or ()
            ]
        return [_seen(self.as_read(row)) for row in self.store.rows(model)]

    def _search_read(
        self, model: str, domain: list[Any], offset: int, limit: int | None, order: Any, names: list[str]
    ) -> Any:
        rows = [row for row in self._rows(model) if self._passes(model, row, domain)]
        for name, direction in reversed(order or [["id", "ASC"]]):
            rows.sort(key=lambda row: _sortable(row.get(name)), reverse=direction == "DESC")
        return [self._shown(model, row, names) for row in rows[offset : offset + limit if limit else None]]

    def _passes(self, model: str, row: dict[str, Any], domain: list[Any]) -> bool:
        if domain and domain[0] in ("OR", "AND"):
            results = (self._passes(model, row, clause) for clause in domain[1:])
            return any(results) if domain[0] == "OR" else all(results)
        if len(domain) == 3 and isinstance(domain[0], str) and isinstance(domain[1], str):
            return _compare(self._values(model, row, domain[0].split(".")), domain[1], _plain(domain[2]))
        return all(self._passes(model, row, clause) for clause in domain)

    def _values(self, model: str, row: dict[str, Any], path: list[str]) -> list[Any]:
        """Return the values at a dotted path, through references and lists."""
        spec = MODELS[model].get(path[0])
        if spec is None:
            raise Refused([f"'{path[0]}'", "Traceback (most recent call last): ..."])
        value = row.get(path[0])
        if len(path) == 1:
            return [value]
        others = value or [] if spec["type"] == "one2many" else self._related(spec["relation"], value)
        return [found for other in others for found in self._values(spec["relation"], other, path[1:])]

    def _related(self, model: str, number: Any) -> list[dict[str, Any]]:
        return [row for row in self._rows(model) if row["id"] == number] if number else []

    def _shown(self, model: str, row: dict[str, Any], names: list[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": row["id"]}
        for name in names:
            head, _, tail = name.partition(".")
            if head == "_timestamp":
                shown[head] = row.get("_timestamp")
                continue
            spec = MODELS[model].get(head)
            if spec is None:
                raise Refused([f"'{head}'", "Traceback (most recent call last): ..."])
            value = row.get(head)
            if spec["type"] == "one2many":
                value = [part["id"] for part in value or ()]
            shown[head] = _wire(spec["type"], value)
            if tail:
                other = self._related(spec["relation"], row.get(head))
                shown[f"{head}."] = {"id": other[0]["id"], tail: other[0].get(tail)} if other else None
        return shown

    def _create(self, model: str, bodies: list[dict[str, Any]]) -> Any:
        (body,) = bodies
        key = _key_in(json.dumps(body))
        if fault := self.before_write(model, key):
            return fault
        values = self._checked(model, body, {})
        for name, spec in MODELS[model].items():
            if spec["required"] and values.get(name) in (None, ""):
                raise _user_error(f'A value is required for field "{name}" in "{model}".')
        if model == "company.employee":
            key = _key_in(json.dumps(self._related("party.party", values["party"])))
        row = self.store.insert(model, values, ext_id=key or None)
        return self.after_write(row, Reply(200, {"done": [int(row.native_id)]}))

    def _write(self, model: str, numbers: list[int], body: dict[str, Any], stamps: dict[str, Any]) -> Any:
        reply = Reply(200, {"done": None})
        for number in numbers:
            row = self.store.find(model, native_id=str(number))
            if row is None:
                raise _user_error("The record does not exist or is not accessible.")
            if fault := self.before_write(model, row.ext_id or ""):
                return fault
            given = stamps.get(f"{model},{number}")
            if given is not None and given != _seen(row)["_timestamp"]:
                raise Refused(["ConcurrencyException", "Record was modified in the meanwhile"])
            values = self._checked(model, body, row.body)
            key = _key_in(json.dumps(body)) or None
            reply = self.after_write(self.store.update(row, values, ext_id=key), reply)
        return reply

    def _checked(self, model: str, body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """Return plain values: lists as the commands leave them, references looked up, types checked."""
        values: dict[str, Any] = {}
        for name, value in body.items():
            spec = MODELS[model].get(name)
            if spec is None:
                raise Refused([f"'{name}'", "Traceback (most recent call last): ..."])
            if spec["type"] == "one2many":
                values[name] = self._listed(spec["relation"], before.get(name) or [], value or [])
            elif (
                spec["type"] == "many2one"
                and value is not None
                and not self._related(spec["relation"], value)
            ):
                raise _user_error(f'The value "{value}" for field "{name}" does not exist.')
            else:
                values[name] = _typed(model, name, spec, value)
        return values

    def _listed(self, model: str, present: list[Any], commands: list[Any]) -> list[Any]:
        parts = [dict(part) for part in present]
        for command in commands:
            if command[0] == "create":
                for body in command[1]:
                    number = max((part["id"] for part in [*self._rows(model), *parts]), default=0) + 1
                    parts.append({"id": number, **self._checked(model, body, {})})
            elif command[0] == "write":
                for part in parts:
                    if part["id"] in command[1]:
                        part.update(self._checked(model, command[2], part))
            else:
                raise _user_error(f"This sandbox knows no command {command[0]}.")
        return parts


def _key_in(text: str) -> str:
    """Return the hub's id in a body, "" when it names none."""
    _, found, rest = text.partition('"MDM:')
    return rest.partition('"')[0] if found else ""


def _seen(row: Row) -> dict[str, Any]:
    changed = row.modified_at != row.created_at
    return {
        **row.body,
        "id": int(row.native_id),
        "create_date": row.created_at,
        "write_date": row.modified_at if changed else None,
        "_timestamp": str(datetime.fromisoformat(row.modified_at.replace("Z", "+00:00")).timestamp()),
    }


def _plain(value: Any) -> Any:
    """Return tagged values as they are stored."""
    if isinstance(value, dict) and value.get("__class__") == "date":
        return date(value["year"], value["month"], value["day"]).isoformat()
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        year, month, day, hour, minute, second, micro = (int(value[name]) for name in names)
        moment = datetime(year, month, day, hour, minute, second, micro, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _typed(model: str, name: str, spec: dict[str, Any], value: Any) -> Any:
    """Return a value as it is stored; UserError for one of another type."""
    kind, tag = spec["type"], value.get("__class__") if isinstance(value, dict) else None
    wrong = _user_error(f'The value for field "{name}" in "{model}" is not valid.')
    if value is None:
        return None
    expected = {"date": "date", "numeric": "Decimal", "timedelta": "timedelta", "timestamp": "datetime"}.get(
        kind
    )
    if expected is not None:
        if tag != expected:
            raise wrong
        return _plain(value) if kind in ("date", "timestamp") else value.get("decimal", value.get("seconds"))
    if kind == "selection" and value not in [key for key, _ in spec["selection"]]:
        raise wrong
    right = {"boolean": bool, "float": (int, float), "integer": int, "many2one": int}.get(kind, str)
    if not isinstance(value, right):  # type: ignore[arg-type]  # a type or a tuple of types
        raise wrong
    return value


def _wire(kind: str, value: Any) -> Any:
    """Return a stored value as the protocol tags it."""
    if value is None:
        return None
    if kind == "date":
        day = date.fromisoformat(value)
        return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
    if kind == "timestamp":
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(moment, name) for name in names}}
    if kind == "numeric":
        return {"__class__": "Decimal", "decimal": value}
    return {"__class__": "timedelta", "seconds": value} if kind == "timedelta" else value


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, 0) if value is None else (1, value)


def _compare(values: list[Any], sign: str, wanted: Any) -> bool:
    if sign == "in":
        return any(value in wanted for value in values)
    if sign == "like":
        start = str(wanted).removesuffix("%")
        return any(isinstance(value, str) and value.startswith(start) for value in values)
    if sign == "=":
        return wanted in values
    if sign == "!=":
        return wanted not in values
    known = [value for value in values if value is not None]
    if sign == ">":
        return any(value > wanted for value in known)
    if sign == ">=":
        return any(value >= wanted for value in known)
    return any(value < wanted for value in known)
