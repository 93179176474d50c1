"""Golden records of one entity: one, a page, by key or value, a thousand at once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.answers import Answer
from apps.api.base import HubView
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.api.problems import MalformedRequest
from apps.api.v1.exporting import exported
from apps.api.v1.filters import AS_OF, VALID_ON, export_parameters, list_parameters
from apps.api.v1.keys import keys_of, plain_keys
from apps.api.v1.listing import ids_of, page_body, page_of_records
from apps.api.v1.lookups import (
    MOST_CANDIDATES,
    AmbiguousLookup,
    conditions_of,
    lookup_parameters,
    refuse_personal,
)
from apps.api.v1.past_sql import read_record_at
from apps.api.v1.reading import NoSuchRecord, read_by_id, read_by_key
from apps.api.v1.record_sql import Tables, select_many_at_once
from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec

KEYS_PER_REQUEST = 100
"""A bulk lookup of this many keys counts as one more request."""

EXPORT_COST = 49
LINES = "application/x-ndjson"

_BY_KEY = (
    Parameter("system", {"type": "string", "minLength": 1}, "Code of the source system; give `key` too."),
    Parameter("key", {"type": "string", "minLength": 1}, "The record's key in that system."),
)


def _lookup_parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    return (*_BY_KEY, *lookup_parameters(spec))


class RecordView(HubView):
    """One golden record."""

    operations = {
        "get": Operation(
            id="get_{entity}",
            summary="One {label} by golden id",
            description="A record that was merged away answers with its survivor; `redirected_from` is the id you sent."
            " With `as_of` you get it as it was then: the record of this very id before it was merged, its survivor"
            " after; with `valid_on` of its effective-dated items those that hold on that day.",
            needs=Capability.VIEW,
            answers={200: "{Entity}"},
            parameters=(AS_OF, VALID_ON),
            conditional=True,
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        if self.given["as_of"] or self.given["valid_on"]:
            return self._at(record_id).as_response()
        fresh = request.headers.get("If-None-Match")
        return read_by_id(self.entity, record_id, self.principal, fresh).as_response()

    def _at(self, record_id: UUID) -> Answer:
        tables = Tables(self.entity, self.given["as_of"], self.given["valid_on"])
        text = read_record_at(tables, record_id, masked=not sees_personal(self.principal))
        if text is None:
            when = f" at {tables.as_of.isoformat()}" if tables.as_of else ""
            raise NoSuchRecord(f"{self.entity.label} {record_id} had no values{when}.")
        return Answer(200, text.encode())


class RecordsView(HubView):
    """Golden records of an entity, page by page."""

    operations = {
        "get": Operation(
            id="list_{plural}",
            summary="{plural}, page by page",
            description="In the order they were created. Records that appear while you read come on later pages."
            " `as_of` gives the whole list as it was at a time.",
            needs=Capability.VIEW,
            answers={200: "{Entity}Page"},
            parameters=list_parameters,
        )
    }

    def get(self, request: Request) -> HttpResponse:
        masked = not sees_personal(self.principal)
        refuse_personal(list_parameters(self.entity), self.given, masked=masked)
        records, cursor = page_of_records(self.entity, self.given, masked=masked)
        answer = Answer(200, page_body(records, cursor))
        if cursor:
            query = request.GET.copy()
            query["cursor"] = cursor
            answer.headers.append(("Link", f'<{request.path}?{query.urlencode()}>; rel="next"'))
        return answer.as_response()


class ExportView(HubView):
    """All golden records of an entity in one answer."""

    operations = {
        "get": Operation(
            id="export_{plural}",
            summary="All {plural} in one streamed answer",
            description="One record a line (NDJSON), the same documents and filters as the list, by golden id. Where"
            " the answer is cut, ask again with `after` the `id` of the last whole line: nothing comes twice, nothing"
            " is left out. When a whole answer has come, asking behind its last record gives no line. What changes"
            " meanwhile comes as it is when it is read; follow `/changes` from before. Counts as 50 requests.",
            needs=Capability.VIEW,
            answers={200: "{Entity}"},
            parameters=export_parameters,
            media_type=LINES,
        )
    }

    def get(self, request: Request) -> HttpResponse | StreamingHttpResponse:
        masked = not sees_personal(self.principal)
        refuse_personal(export_parameters(self.entity), self.given, masked=masked)
        if request.method == "HEAD":
            return HttpResponse(content_type=LINES)
        self.charge(EXPORT_COST)
        lines = exported(self.entity, self.given, masked=masked)
        return StreamingHttpResponse(lines, content_type=LINES)


class LookupView(HubView):
    """A record by source key or by value; many by key."""

    operations = {
        "get": Operation(
            id="lookup_{entity}",
            summary="The {label} with a source key or a value",
            description="Give `system` and `key`, or one or more values that must all hold. Values are compared as"
            " typed and in standard form. Several records with the value are a 409 that names them.",
            needs=Capability.VIEW,
            answers={200: "{Entity}"},
            problems=(404, 409),
            parameters=_lookup_parameters,
            conditional=True,
        ),
        "post": Operation(
            id="lookup_{plural}",
            summary="Up to 1,000 {plural} by source key or golden id",
            needs=Capability.VIEW,
            body="{Entity}Keys",
            answers={200: "{Entity}LookupResult"},
        ),
    }

    def get(self, request: Request) -> HttpResponse:
        fresh = request.headers.get("If-None-Match")
        system, key = self.given["system"], self.given["key"]
        values = {
            name: value for name, value in self.given.items() if value and name not in ("system", "key")
        }
        if system and key and not values:
            return read_by_key(self.entity, system, key, self.principal, fresh).as_response()
        if system or key or not values:
            names = ", ".join(each.name for each in lookup_parameters(self.entity))
            raise MalformedRequest(f"Give system and key together, or one or more of {names}.")
        return self._by_value(values, fresh).as_response()

    def _by_value(self, values: Mapping[str, Any], fresh: str | None) -> Answer:
        masked = not sees_personal(self.principal)
        refuse_personal(lookup_parameters(self.entity), values, masked=masked)
        found = ids_of(self.entity, conditions_of(self.entity, values), MOST_CANDIDATES)
        if not found:
            raise NoSuchRecord(f"No {self.entity.label} has this {' and this '.join(values)}.")
        if len(found) > 1:
            raise AmbiguousLookup(
                f"{len(found)} {self.entity.plural} have this {' and this '.join(values)}: add another value, or list"
                f" them with GET /api/v1/{self.entity.plural}.",
                candidates=[str(record_id) for record_id in found],
            )
        answer = read_by_id(self.entity, found[0], self.principal, fresh)
        answer.headers.append(("Content-Location", f"/api/v1/{self.entity.plural}/{found[0]}"))
        return answer

    def post(self, request: Request) -> HttpResponse:
        asked = plain_keys(request._request) or keys_of(self.body(request)["keys"])
        self.charge(len(asked[0]) // KEYS_PER_REQUEST)
        statement = select_many_at_once(self.entity, masked=not sees_personal(self.principal))
        with raw_cursor() as cursor:
            cursor.execute(statement, (len(asked[0]), *asked), prepare=True)
            [(body,)] = cursor.fetchall()
        return Answer(200, body.encode()).as_response()
