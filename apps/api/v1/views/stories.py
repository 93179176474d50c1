"""What stands behind a golden record: history, members, provenance, deliveries."""

from dataclasses import asdict
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.cursors import seal, unseal
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.api.v1.filters import AS_OF
from apps.api.v1.history import revisions_of
from apps.api.v1.origins import members_page, provenance_of
from apps.api.v1.reading import NoSuchRecord
from apps.api.v1.verdicts import explained_values, writes_content
from apps.core.clock import utcnow
from apps.distribution.knowledge import known_to_targets
from apps.distribution.ledger import record_ledger
from apps.distribution.selectors import delivery_state
from apps.golden.models import GoldenRecord
from apps.mastering.selectors import redirects_of

_NEWEST = 2**62


class StoryView(HubView):
    """Base of what is told about one golden record."""

    def demand_record(self, record_id: UUID) -> None:
        """Raise NoSuchRecord unless the entity has, or had, a record of this id."""
        if not GoldenRecord.objects.filter(pk=record_id, entity=self.entity.name).exists():
            raise NoSuchRecord(f"No {self.entity.label} has the golden id {record_id}.")

    @property
    def masked(self) -> bool:
        return not sees_personal(self.principal)


class HistoryView(StoryView):
    """Revisions of a record."""

    operations = {
        "get": Operation(
            id="get_{entity}_history",
            summary="Who changed what, when and why",
            description="The newest first. Of a record that was merged away: its history up to the merge.",
            needs=Capability.VIEW,
            answers={200: "History"},
            parameters=(LIMIT, CURSOR),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        purpose = ["history", str(record_id)]
        [before] = unseal(purpose, self.given["cursor"]) if self.given["cursor"] else [_NEWEST]
        revisions, rest = revisions_of(
            self.entity, record_id, before=before, limit=self.given["limit"], masked=self.masked
        )
        if not revisions and before == _NEWEST:
            raise NoSuchRecord(f"No {self.entity.label} has the golden id {record_id}.")
        return json_response({"results": revisions, "next": seal(purpose, [rest]) if rest else None})


class MembersView(StoryView):
    """Source records of a record."""

    operations = {
        "get": Operation(
            id="get_{entity}_members",
            summary="The source records that are this {label}",
            needs=Capability.VIEW,
            answers={200: "Members"},
            parameters=(LIMIT, CURSOR),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        purpose = ["members", str(record_id)]
        system, key = unseal(purpose, self.given["cursor"]) if self.given["cursor"] else ("", "")
        limit = self.given["limit"]
        found = members_page(self.entity, record_id, after=(system, key), limit=limit + 1, masked=self.masked)
        page = found[:limit]
        more = seal(purpose, [page[-1]["system"], page[-1]["key"]]) if len(found) > limit else None
        return json_response({"results": page, "next": more})


class ProvenanceView(StoryView):
    """Origin of the values of a record."""

    operations = {
        "get": Operation(
            id="get_{entity}_provenance",
            summary="Where each value comes from, and why",
            description="`results` is where each value comes from, as it was decided. `explained` is how the members"
            " stand by the rules of now: who wins, by what the others lose, and what would let them win.",
            needs=Capability.VIEW,
            answers={200: "Provenance"},
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        origins = provenance_of(self.entity, record_id, masked=self.masked)
        if origins is None:
            raise NoSuchRecord(f"No live {self.entity.label} has the golden id {record_id}.")
        explained = explained_values(self.entity, record_id, masked=self.masked)
        return json_response({"results": origins, "explained": explained})


class WritesView(StoryView):
    """What was written to a record, with its verdicts."""

    operations = {
        "get": Operation(
            id="get_{entity}_writes",
            summary="What systems and people wrote, and what became of it",
            description="The newest first, at most 200 writes; one for every attribute group whose value, verdict or"
            " rule changed. `tried` are values that were not accepted.",
            needs=Capability.VIEW,
            answers={200: "Writes"},
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        return json_response({"results": writes_content(self.entity, record_id, masked=self.masked)})


class DeliveriesView(StoryView):
    """How far a record has come in each target."""

    operations = {
        "get": Operation(
            id="get_{entity}_deliveries",
            summary="How far the record has come in each target system",
            needs=Capability.VIEW,
            answers={200: "Deliveries"},
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        states = delivery_state(record_id=record_id, now=utcnow())
        results = [
            {name: value for name, value in asdict(each).items() if name != "lane_id"} for each in states
        ]
        return json_response({"results": results})


class KnownView(StoryView):
    """What targets knew of a record."""

    operations = {
        "get": Operation(
            id="get_{entity}_known",
            summary="What each target system knew of the record at a time",
            description="The newest version a target had acknowledged by then, with the fields it was sent: the answer"
            " to “what did the ERP know on 31 March?”. Personal fields were masked when they were written down.",
            needs=Capability.VIEW,
            answers={200: "Known"},
            parameters=(
                Parameter("at", {"type": "string", "format": "date-time"}, "At this time.", required=True),
                Parameter("target", {"type": "string"}, "Code of one target; without it, all that knew it."),
            ),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        known = known_to_targets(record_id=record_id, at=self.given["at"])
        wanted = self.given["target"]
        return json_response(
            {"results": [asdict(each) for each in known if wanted in (None, each.connection)]}
        )


class LedgerView(StoryView):
    """What targets should hold of a record, have acknowledged, and were seen to hold."""

    operations = {
        "get": Operation(
            id="get_{entity}_ledger",
            summary="What each target should hold of the record, has acknowledged, and was seen to hold",
            description="Field by field, now; `known` tells what a target knew at a time. A target that should have the"
            " record and was never sent it has the state no_lane. Personal fields are masked, and whether they"
            " differ, unless your role has the capability unmask.",
            needs=Capability.VIEW,
            answers={200: "Ledger"},
            parameters=(
                Parameter("target", {"type": "string"}, "Code of one target; without it, all."),
                Parameter("differing", {"type": "boolean"}, "Only fields that differ.", default=False),
            ),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        wanted, differing = self.given["target"], self.given["differing"]
        ledger = record_ledger(record_id=record_id, clear=not self.masked, now=utcnow())
        results = [asdict(each) for each in ledger if wanted in (None, each.connection)]
        for each in results if differing else ():
            each["fields"] = [field for field in each["fields"] if field["differs"] in ("pending", "drifted")]
        return json_response({"results": results})


class RedirectsView(StoryView):
    """The merges between a record and its survivor."""

    operations = {
        "get": Operation(
            id="get_{entity}_redirects",
            summary="How a record that was merged away leads to its survivor",
            description="One step a merge, the first one first, with who, when and why. Empty: it was not merged."
            " `as_of` tells the chain as it was at a time.",
            needs=Capability.VIEW,
            answers={200: "Redirects"},
            parameters=(AS_OF,),
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        self.demand_record(record_id)
        chain = redirects_of(record_id, at=self.given["as_of"])
        steps = [
            {
                "id": each.loser_id,
                "merged_into": each.survivor_id,
                "at": each.merged_at,
                "method": each.method,
                "actor": each.actor,
                "reason": each.reason,
            }
            for each in chain
        ]
        return json_response({"survivor": chain[-1].survivor_id if chain else record_id, "results": steps})
