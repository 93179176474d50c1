"""The feed of changes of all entities."""

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.answers import Answer
from apps.api.base import HubView
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.api.v1.feed import changes_since
from apps.core.json import dumps
from apps.golden.registry import entities

_PARAMETERS = (
    Parameter("since", {"type": "string"}, "`next` of the answer before; without it, from the beginning."),
    Parameter("entity", {"type": "string"}, "Only changes of this entity."),
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "How many at most.", default=200),
)


class ChangesView(HubView):
    """Approved changes in an order in which nothing is ever skipped."""

    operations = {
        "get": Operation(
            id="list_changes",
            summary="Approved changes since a cursor",
            description="Each event is told once its transaction and all older ones have ended, so that a change that"
            " commits late is never skipped. Ask again with `next` whenever you like.",
            needs=Capability.VIEW,
            answers={200: "Changes"},
            problems=(410,),
            parameters=_PARAMETERS,
        )
    }

    def get(self, request: Request) -> HttpResponse:
        if self.given["entity"]:
            entities.get(self.given["entity"])
        events, cursor, more = changes_since(
            since=self.given["since"],
            entity=self.given["entity"],
            limit=self.given["limit"],
            masked=not sees_personal(self.principal),
        )
        tail = dumps({"next": cursor, "more": more}).decode()
        body = f'{{"results":[{",".join(events)}],{tail[1:]}'
        return Answer(200, body.encode()).as_response()
