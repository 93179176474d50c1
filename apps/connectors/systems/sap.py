"""SAP S/4HANA over OData V2: find by the hub's id, then deep insert or change with If-Match, in $batch."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from apps.connectors.answers import (
    class_of_status,
    clock_finding,
    failure_of_exception,
    failure_of_response,
)
from apps.connectors.caller import Ask, Caller
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
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
from apps.connectors.dialects.sap_objects import IDENTIFICATIONS, KINDS, Kind, short_key
from apps.connectors.dialects.sap_reading import Reading
from apps.connectors.dialects.sap_sign import CsrfSign, reading_sign
from apps.connectors.dialects.sap_values import outgoing
from apps.connectors.edmx import read_edmx
from apps.connectors.feeds import read_feeds
from apps.connectors.http import HttpClient
from apps.connectors.odata_batch import Operation, pack, unpack
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.webhooks import NoWebhooks

_BATCH = 20
_ROOT = "sap/opu/odata/sap"
# Locks and gaps come back as 400: only message class and number, or the text, tell.
_CODES = {
    "R1/251": FailureClass.TRANSIENT,
    "MC/601": FailureClass.TRANSIENT,
    "R1/108": FailureClass.CONFLICT_REVIEW,
    "/IWFND/CM_MGW/096": FailureClass.TRANSIENT,
}
_TEXTS = (
    ("currently being processed", FailureClass.TRANSIENT),
    ("is locked by user", FailureClass.TRANSIENT),
    ("already exists", FailureClass.CONFLICT_REVIEW),
    ("blocked for", FailureClass.BUSINESS_BLOCK),
    ("posting period", FailureClass.BUSINESS_BLOCK),
)


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    if answer.status == 403 and answer.headers.get("x-csrf-token", "").lower() == "required":
        return failure_of_response(answer, FailureClass.CSRF_REFETCH, "CSRF", "the CSRF token has expired")
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    code, said = str(error.get("code") or f"HTTP_{answer.status}"), error.get("message")
    message = str(said.get("value", "") if isinstance(said, dict) else said or "")
    cls = class_of_status(answer.status)
    if answer.status == 400:
        lowered = message.lower()
        cls = _CODES.get(code) or next((known for text, known in _TEXTS if text in lowered), cls)
    details = (error.get("innererror") or {}).get("errordetails") or [{}]
    field = details[0].get("propertyref") or details[0].get("target") or None
    return failure_of_response(answer, cls, code, message, field=field)


@connector("sap")
class SapConnector(NoWebhooks):
    """Options: sap_client, identification_type, objects, token_url; secrets: username and password, or
    client_id and client_secret."""

    name = "sap"
    version = "1"
    caps = Capabilities(
        native_upsert=False,
        scans_lists=True,
        batch_max=_BATCH,
        conditional_write=True,
        change_feed="poll",
        overlap_seconds=300.0,
        max_concurrency=4,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        base = f"{settings.base_url.rstrip('/')}/{_ROOT}"
        self._client = {"sap-client": settings.option("sap_client")} if settings.option("sap_client") else {}
        self._reader = Caller(self._http, base, classify, reading_sign(settings, self._http))
        self._writers = {
            service: Caller(self._http, base, classify, CsrfSign(self._reader, service))
            for service in {kind.service for kind in KINDS.values()}
        }
        self._objects = tuple(settings.options.get("objects") or ("A_BusinessPartner",))
        self._type = settings.option("identification_type", "ZMDM")
        self._reading = Reading(self._reader, self._client, self._type)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        found: list[Finding] = []
        for name in self._objects:
            params = {"$top": "1", "$format": "json", "$select": KINDS[name].key, **self._client}
            try:
                answer = self._reader.read(Ask("GET", f"{KINDS[name].service}/{name}", params=params))
            except ReadFailed as error:
                if not found:
                    return Health((Finding("sign-in", False, error.failure.message),))
                found.append(Finding(name, False, error.failure.message))
                continue
            found = found or [Finding("sign-in", True), clock_finding(answer)]
            found.append(Finding(name, True))
        return Health(tuple(found))

    def discover(self) -> Catalog:
        described = []
        for name in self._objects:
            answer = self._reader.read(Ask("GET", f"{KINDS[name].service}/$metadata", params=self._client))
            described.append(read_edmx(answer.body, name, key=KINDS[name].ext))
        return Catalog(tuple(described))

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._reading.by_ext(obj, ext_ids, fields)

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        return self._reading.by_key(obj, native_ids, fields)

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        return self._reading.scan(obj, fields, after, limit)

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        feeds = [self._reading.feed(obj, moment, fields, overlap) for moment in KINDS[obj].feeds]
        return read_feeds(cursor, feeds, limit)

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        kind = KINDS[obj]
        if kind.ext:
            address, own = self._reading.address(kind, obj, native_id), {kind.ext: short_key(ext_id)}
            operation = Operation("PATCH", address, own, {"If-Match": "*"})
        else:
            identified = self._reading.keyed(kind, ext_id, {})["to_BuPaIdentification"][0]
            operation = Operation("POST", IDENTIFICATIONS, {kind.key: native_id, **identified})
        known = Remote(ext_id, native_id, None, {})
        return self._send(kind, [(0, known, [operation])])[0]

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(items), _BATCH):
            outcomes.extend(self._write(obj, items[start : start + _BATCH], create=True))
        return outcomes

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return self._write(obj, items, create=False)

    def _write(self, obj: str, items: Sequence[Write], *, create: bool) -> list[Outcome]:
        """Find what is there already, resolve parents, then send one change set for each item."""
        kind = KINDS[obj]
        if kind.read_only:
            text = f"{obj} is written by SAP alone; give this mapping the direction `pull`."
            return [Outcome.failed(Failure(FailureClass.PERMANENT, "READ_ONLY", text))] * len(items)
        parts = [name for name in kind.parts if any(name in item.payload for item in items)]
        try:
            there = {one.ext_id: one for one in self.fetch(obj, [item.ext_id for item in items], parts)}
            parents = self._reading.parents(items)
        except ReadFailed as error:
            return [Outcome.failed(error.failure)] * len(items)
        outcomes: dict[int, Outcome] = {}
        plans: list[tuple[int, Remote | None, list[Operation]]] = []
        for number, item in enumerate(items):
            known = there.get(item.ext_id)
            body, missing = self._reading.resolved(item.payload, parents)
            if missing or (known is None and not create):
                text = f"{missing} is not in the target yet" if missing else f"there is no {obj} to change"
                outcomes[number] = Outcome.failed(
                    Failure(FailureClass.MISSING_DEPENDENCY, "NO_RECORD", text, field=missing or None)
                )
                continue
            operations = (
                self._changes(kind, obj, item, known, body)
                if known
                else [self._create(kind, obj, item, body)]
            )
            plans.append((number, known, operations))
        outcomes.update(self._send(kind, plans))
        return [outcomes[number] for number in range(len(items))]

    def _create(self, kind: Kind, obj: str, item: Write, body: Json) -> Operation:
        return Operation("POST", obj, outgoing(self._reading.keyed(kind, item.ext_id, body)))

    def _changes(self, kind: Kind, obj: str, item: Write, known: Remote, body: Json) -> list[Operation]:
        """Change the head under its ETag and each part by itself; parts that are not named stay."""
        version = item.expect_version or known.version or "*"
        head = {name: value for name, value in body.items() if name not in kind.parts}
        operations = [
            Operation(
                "PATCH",
                self._reading.address(kind, obj, known.native_id),
                outgoing(head),
                {"If-Match": version},
            )
        ]
        for name, part in kind.parts.items():
            there: list[Json] = known.values.get(name) or []
            for place, wanted in enumerate(body.get(name) or ()):
                same = _counterpart(there, wanted, part.match, place)
                if same is None:
                    owned = {part.keys[0]: known.native_id, **wanted}
                    operations.append(Operation("POST", part.entity_set, outgoing(owned)))
                elif changed := {k: v for k, v in wanted.items() if k not in part.match and same.get(k) != v}:
                    keys = ",".join(f"{key}='{quote(str(same[key]), safe='')}'" for key in part.keys)
                    address = f"{part.entity_set}({keys})"
                    operations.append(Operation("PATCH", address, outgoing(changed), {"If-Match": "*"}))
        return operations

    def _send(
        self, kind: Kind, plans: list[tuple[int, Remote | None, list[Operation]]]
    ) -> dict[int, Outcome]:
        if not plans:
            return {}
        writer = self._writers[kind.service]
        context = CallContext("POST", idempotent=all(known for _, known, _ in plans))
        if len(plans) == 1 and len(plans[0][2]) == 1:
            number, known, (operation,) = plans[0]
            headers = {"Accept": "application/json", **operation.headers}
            path = f"{kind.service}/{operation.url}"
            answer = writer.write(
                Ask(operation.method, path, headers, self._client or None, operation.body), context
            )
            return {number: self._outcome(kind, [answer], known)}
        content_type, body = pack([operations for _, _, operations in plans])
        headers = {"Content-Type": content_type, "Accept": "multipart/mixed"}
        ask = Ask("POST", f"{kind.service}/$batch", headers, self._client or None, content=body)
        whole = writer.write(ask, context)
        if isinstance(whole, Failure):
            return {number: Outcome.failed(whole) for number, _, _ in plans}
        answers = unpack(whole)
        if len(answers) != len(plans):
            text = f"{len(answers)} of {len(plans)} answers came back"
            lost = failure_of_response(whole, FailureClass.AMBIGUOUS, "BATCH", text)
            return {number: Outcome.failed(lost) for number, _, _ in plans}
        return {
            number: self._outcome(kind, [one if one.ok else classify(one, context) for one in part], known)
            for (number, known, _), part in zip(plans, answers, strict=True)
        }

    def _outcome(self, kind: Kind, answers: Sequence[Response | Failure], known: Remote | None) -> Outcome:
        failed = next((one for one in answers if isinstance(one, Failure)), None)
        if failed is not None or not answers:
            return Outcome.failed(
                failed or Failure(FailureClass.AMBIGUOUS, "BATCH", "the answer does not name this record")
            )
        first = answers[0]
        assert isinstance(first, Response)  # noqa: S101 - failures were sorted out above
        # What was changed in parts afterwards may have moved the version of the whole: then it is not known.
        version = first.headers.get("etag") if len(answers) == 1 else None
        if known:
            return Outcome("updated", known.native_id, version)
        made: Any = (first.json() or {}).get("d", {})
        return Outcome(
            "created", str(made.get(kind.key)), version or (made.get("__metadata") or {}).get("etag")
        )


def _counterpart(there: list[Json], wanted: Json, match: tuple[str, ...], place: int) -> Json | None:
    if not match:
        return there[place] if place < len(there) else None
    return next((one for one in there if all(one.get(name) == wanted.get(name) for name in match)), None)
