"""Proposals of people that wait for an answer go back where they belong when a merge is undone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.core.ids import uuid7
from apps.golden.documents import load_documents
from apps.golden.registry import entity
from apps.mastering.contracts import Offer, Parting, Side
from apps.mastering.selectors import absorbed_by
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus


def request_offers(parting: Parting) -> list[Offer]:
    """Return the proposals that wait on the record, with the side they were made for."""
    away = {parting.away, *absorbed_by(parting.away)}
    waiting = ChangeRequest.objects.filter(
        record=parting.home, kind=RequestKind.CHANGE, status=RequestStatus.PENDING
    ).exclude(pins={})
    offers = []
    for request in waiting.order_by("requested_at", "pk"):
        made_for = request.asked_of_id in away
        if not made_for and parting.merge_id and request.pk < parting.merge_id:
            continue
        offers.append(
            Offer(
                kind="request",
                key=str(request.pk),
                attribute=", ".join(sorted(request.pins)),
                value=request.pins,
                side="away" if made_for else "home",
                why="it was made for the record that leaves" if made_for else "it was made for this record",
                by=request.requested_by,
                at=request.requested_at,
                reason=request.reason,
                record_id=request.record_id,
            )
        )
    return offers


def return_requests(
    *, parting: Parting, restored: Sequence[UUID], sides: Mapping[UUID, Side], now: datetime
) -> None:
    """Move or copy these proposals to the other side, which is there by now, compared with its values."""
    chosen = ChangeRequest.objects.select_for_update().filter(pk__in=sides).order_by("pk")
    leaving = [request for request in chosen if sides[request.pk] != "home"]
    if not leaving:
        return
    document = load_documents(entity(parting.entity), [parting.away]).get(parting.away, {})
    for request in leaving:
        if sides[request.pk] == "both":
            request.pk, request._state.adding = uuid7(), True
        request.record_id = parting.away
        if request.asked_of_id not in restored:
            request.asked_of_id = None
        request.before = {name: document.get(name) for name in request.after}
        request.save()
