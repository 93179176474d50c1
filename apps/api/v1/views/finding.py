"""Search for people, and "does this record exist?" before one is created."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.answers import Answer
from apps.api.base import HubView, refuse_masked
from apps.api.masking import has_personal_title, sees_personal
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.api.v1.finding import json_of, search_titles, similar_records
from apps.core.json import dumps

MATCH_COSTS = 4
"""Requests that one match counts as, besides itself; a thorough one counts five times as many."""

_SEARCH = (
    Parameter(
        "q",
        {"type": "string", "minLength": 2},
        "Name, code or source key, typing errors allowed.",
        required=True,
    ),
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 50}, "How many at most.", default=10),
)


class SearchView(HubView):
    """Records by a name that may be misspelt."""

    operations = {
        "get": Operation(
            id="search_{plural}",
            summary="{plural} by name, typing errors allowed",
            description="The closest first. Where the name is personal this needs the capability unmask.",
            needs=Capability.VIEW,
            answers={200: "{Entity}Found"},
            parameters=_SEARCH,
        )
    }

    def get(self, request: Request) -> HttpResponse:
        masked = not sees_personal(self.principal)
        refuse_masked(masked and has_personal_title(self.entity), f"Searching {self.entity.plural} by name")
        self.charge(MATCH_COSTS)
        found = search_titles(self.entity, self.given["q"], self.given["limit"])
        records = json_of(self.entity, [record_id for record_id, _ in found], masked=masked)
        rows = [
            f'{{"score":{score},"record":{records[record_id]}}}'
            for record_id, score in found
            if record_id in records
        ]
        return Answer(200, f'{{"results":[{",".join(rows)}]}}'.encode()).as_response()


class MatchView(HubView):
    """Search before create."""

    operations = {
        "post": Operation(
            id="match_{entity}",
            summary="Does this {label} exist already?",
            description=(
                "Nothing is stored. The likeliest first, each with its evidence. Without the capability unmask"
                " personal values are left out of the question, and `ignored` names them: how like a guess is"
                " would tell the value."
            ),
            needs=Capability.VIEW,
            body="{Entity}Values",
            answers={200: "{Entity}Matches"},
            problems=(403, 409),
        )
    }

    def post(self, request: Request) -> HttpResponse:
        asked = self.body(request)
        thorough = bool(asked.get("thorough"))
        self.charge(MATCH_COSTS * (5 if thorough else 1))
        masked = not sees_personal(self.principal)
        found, ignored = similar_records(
            self.entity, asked["attributes"], limit=asked.get("limit", 10), thorough=thorough, masked=masked
        )
        ids: list[UUID] = [each["record_id"] for each in found]
        records = json_of(self.entity, ids, masked=masked)
        rows = [
            f'{dumps(each).decode()[:-1]},"record":{records[each["record_id"]]}}}'
            for each in found
            if each["record_id"] in records
        ]
        told = dumps(list(ignored)).decode()
        return Answer(200, f'{{"results":[{",".join(rows)}],"ignored":{told}}}'.encode()).as_response()
