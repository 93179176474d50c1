"""Why two records are one or are not, and what holds a golden record together."""

from dataclasses import fields, is_dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.api.schema.matching import ADDED
from apps.matching.selectors import explain_cluster, explain_records

EXPLAIN_COSTS = 4
"""Requests that one explanation counts as, besides itself."""

_SIDE = {"type": "string", "minLength": 1}


def content_of(told: Any) -> Any:
    """Return an explanation as JSON-able values, with what its parts work out."""
    if is_dataclass(told) and not isinstance(told, type):
        content = {each.name: content_of(getattr(told, each.name)) for each in fields(told)}
        return content | {name: getattr(told, name) for name in ADDED.get(type(told).__name__, ())}
    if isinstance(told, tuple | list):
        return [content_of(each) for each in told]
    return told


class ExplainView(HubView):
    """Two records of any kind."""

    operations = {
        "get": Operation(
            id="explain_{plural}",
            summary="Why two {plural} are one, or are not",
            description=(
                "Source or golden records, whether ever compared or not: values, similarity, level and bits of each"
                " attribute, blocking keys, vetoes, people's decisions, and what would change the answer. Of two"
                " golden records the strongest pair of members is told in full. Without the capability unmask"
                " nothing computed from personal attributes is told but the band."
            ),
            needs=Capability.VIEW,
            answers={200: "Explanation"},
            parameters=(
                Parameter("a", _SIDE, "Golden id or code, system:key, or id of a source record.", required=True),
                Parameter("b", _SIDE, "The other record.", required=True),
                Parameter(
                    "version", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                    "Explain by this version of the match rule instead of the active one.",
                ),
            ),
            problems=(404, 409, 422),
        )
    }  # fmt: skip

    def get(self, request: Request) -> HttpResponse:
        self.charge(EXPLAIN_COSTS)
        found = explain_records(
            spec=self.entity,
            a=self.given["a"],
            b=self.given["b"],
            clear=sees_personal(self.principal),
            version=self.given["version"],
        )
        return json_response(content_of(found))


class ExplainRecordView(HubView):
    """One golden record."""

    operations = {
        "get": Operation(
            id="explain_{entity}",
            summary="How this {label} came about and what holds it together",
            description=(
                "The strongest links that reach every member, the weakest of them, what falls apart without which"
                " member or link, and what the rules alone would make of the members today."
            ),
            needs=Capability.VIEW,
            answers={200: "GoldenExplained"},
            problems=(409,),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.charge(EXPLAIN_COSTS)
        found = explain_cluster(
            spec=self.entity, reference=str(record_id), clear=sees_personal(self.principal)
        )
        return json_response(content_of(found))
