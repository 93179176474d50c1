"""Pairs that wait for a steward, answers to them, and decisions taken back."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.cursors import seal, unseal
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.api.v1.pairs import FIRST, decisions_page, pair_content, pairs_page
from apps.core.clock import utcnow
from apps.core.errors import NotFound
from apps.matching.models import PairDecision, PairStatus, Verdict
from apps.matching.selectors import hides_strength
from apps.stewardship.services import decide_pair, take_back_decision


class NoSuchPair(NotFound):
    code = "pair_not_found"
    title = "There is no such pair"


class PairsView(HubView):
    """Candidate pairs of an entity."""

    operations = {
        "get": Operation(
            id="list_{entity}_pairs",
            summary="Pairs of {plural} that were compared, those that wait for a steward by default",
            needs=Capability.VIEW,
            answers={200: "ReviewPairs"},
            parameters=(
                Parameter(
                    "status",
                    {"type": "string", "enum": list(PairStatus.values)},
                    "In this state.",
                    default=PairStatus.OPEN.value,
                ),
                LIMIT,
                CURSOR,
            ),
        )
    }

    def get(self, request: Request) -> HttpResponse:
        given, spec = self.given, self.entity
        purpose = ["pairs", spec.name, given["status"]]
        after = UUID(unseal(purpose, given["cursor"])[0]) if given["cursor"] else FIRST
        masked = hides_strength(spec, clear=sees_personal(self.principal))
        found = pairs_page(spec, status=given["status"], after=after, limit=given["limit"] + 1, masked=masked)
        page = found[: given["limit"]]
        more = seal(purpose, [str(page[-1]["id"])]) if len(found) > len(page) else None
        return json_response({"results": page, "next": more})


class AnswerPairView(HubView):
    """MATCH or NOT A MATCH."""

    operations = {
        "post": Operation(
            id="decide_{entity}_pair",
            summary="Answer a pair: a match for ever, or never a match",
            description="A match merges the two golden records; the word binds the source records until withdrawn.",
            needs=Capability.DECIDE,
            body="PairAnswer",
            answers={200: "PairAnswered"},
            problems=(409,),
        )
    }

    def post(self, request: Request, pair_id: UUID) -> HttpResponse:
        asked = self.body(request)
        if pair_content(self.entity, pair_id, masked=True) is None:
            raise NoSuchPair(f"No pair of {self.entity.plural} has the id {pair_id}.")
        reason = asked.get("reason", "")
        with self.act(reason or f"POST {request.path}"):
            survivor = decide_pair(
                pair_id=pair_id, verdict=Verdict(asked["verdict"]), reason=reason, now=utcnow()
            )
        masked = hides_strength(self.entity, clear=sees_personal(self.principal))
        return json_response(
            {"pair": pair_content(self.entity, pair_id, masked=masked), "record_id": survivor}
        )


class DecisionsView(HubView):
    """People's words on pairs."""

    operations = {
        "get": Operation(
            id="list_{entity}_decisions",
            summary="What people decided on pairs of {plural}",
            needs=Capability.VIEW,
            answers={200: "PairDecisions"},
            parameters=(
                Parameter("withdrawn", {"type": "boolean"}, "Also those taken back.", default=False),
                LIMIT,
                CURSOR,
            ),
        )
    }

    def get(self, request: Request) -> HttpResponse:
        given, spec = self.given, self.entity
        purpose = ["decisions", spec.name, given["withdrawn"]]
        after = UUID(unseal(purpose, given["cursor"])[0]) if given["cursor"] else FIRST
        found = decisions_page(spec, after=after, limit=given["limit"] + 1, withdrawn=given["withdrawn"])
        page = found[: given["limit"]]
        more = seal(purpose, [str(page[-1]["id"])]) if len(found) > len(page) else None
        return json_response({"results": page, "next": more})


class WithdrawView(HubView):
    """Take a decision back."""

    operations = {
        "post": Operation(
            id="withdraw_{entity}_decision",
            summary="Take a decision back: rules may decide on the pair again",
            description="Its pair waits for an answer again, unless its records are one golden record.",
            needs=Capability.DECIDE,
            body="Withdrawal",
            answers={204: ""},
        )
    }

    def post(self, request: Request, decision_id: UUID) -> HttpResponse:
        reason = self.body(request)["reason"]
        if not PairDecision.objects.filter(pk=decision_id, entity=self.entity.name).exists():
            raise NotFound(f"No decision on {self.entity.plural} has the id {decision_id}.")
        with self.act(reason):
            take_back_decision(decision_id=decision_id, reason=reason, now=utcnow())
        return HttpResponse(status=204)
