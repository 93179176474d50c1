"""Take merges back and members out: both sides get what is theirs, and stay apart from now on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import acting, current
from apps.audit.services import record_deed
from apps.core.errors import Invalid
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import Document
from apps.mastering.contracts import Change, ChangeKind, Choices, Offer, Parting, Plan
from apps.mastering.models import Merge, Unmerge
from apps.mastering.services import (
    BeforeMerge,
    Lifted,
    Remember,
    close_merge,
    lift_pins,
    move_child_pins,
    nothing_remembered,
    offers_of,
    parting_of_members,
    parting_of_merge,
    plan_parting,
    plan_records,
    put_pins,
    referrers_of,
    restore_redirects,
    take_turn,
)
from apps.matching.services import separate_members
from apps.stewardship.authority import demand
from apps.stewardship.routing import provenance_of
from apps.stewardship.services.choosing import refuse_unoffered, settled
from apps.stewardship.services.returning import request_offers, return_requests
from apps.stewardship.services.routing import apply_decision, route_consequences

NO_CHOICES = Choices()
REWRITTEN = ("unchanged", "requalified", "updated")
"""Changes of a record that is there before and after."""


@transaction.atomic
def undo_merge(*, merge_id: UUID, reason: str, now: datetime, choices: Choices = NO_CHOICES) -> Plan:
    """Give the loser its members back, and what else is its own, and keep both apart from now on.

    What was done while they were one goes where `choices` say, else where evidence points (see `offers_for`).
    Raises Conflict when it was undone before, Denied.
    """
    demand(Capability.DECIDE)
    take_turn()
    parting, offers = offers_for(merge_id=merge_id, choices=choices)
    return part_members(parting, offers, choices, reason=reason, now=now)


@transaction.atomic
def split_records(
    *,
    record_id: UUID,
    source_record_ids: Sequence[UUID],
    reason: str,
    now: datetime,
    choices: Choices = NO_CHOICES,
) -> UUID:
    """Take source records out of a golden record and keep them apart. Returns the golden id they have now.

    It is that of the merged record which most of them came from, live again, else a new one.
    """
    demand(Capability.DECIDE)
    take_turn()
    parting, offers = offers_for(record_id=record_id, source_record_ids=source_record_ids, choices=choices)
    part_members(parting, offers, choices, reason=reason, now=now)
    return parting.away


def offers_for(
    *,
    merge_id: UUID | None = None,
    record_id: UUID | None = None,
    source_record_ids: Sequence[UUID] = (),
    choices: Choices = NO_CHOICES,
) -> tuple[Parting, list[Offer]]:
    """Return who would leave, of a merge or of a record, and what may belong to either side; nothing is written.

    Raises Invalid when both are given and the merge is none of that record, InvalidChoice for a member that is no
    arrival or cannot go to that side.
    """
    if merge_id is None:
        if record_id is None:
            raise Invalid("Say which merge is undone, or which record members leave.")
        parting = parting_of_members(record_id=record_id, source_record_ids=source_record_ids)
        offers = [offer for offer in offers_of(parting) if offer.kind != "member"]
    else:
        parting = parting_of_merge(merge_id=merge_id)
        _refuse_stranger(parting, record_id)
        offers = offers_of(parting)
        refuse_unoffered(
            [offer for offer in offers if offer.kind == "member"], Choices(members=choices.members)
        )
        arrived = {UUID(offer.key): offer.side for offer in offers if offer.kind == "member"} | dict(
            choices.members
        )
        also = [source for source, side in arrived.items() if side == "away"]
        if also:
            parting = parting_of_merge(merge_id=merge_id, also=also)
            members = [offer for offer in offers if offer.kind == "member"]
            offers = members + [offer for offer in offers_of(parting) if offer.kind != "member"]
    return parting, offers + request_offers(parting)


def _refuse_stranger(parting: Parting, record_id: UUID | None) -> None:
    """Refuse to undo on one record's page, by its rules, what is a merge of others."""
    merge = Merge.objects.filter(pk=parting.merge_id) if parting.merge_id else Merge.objects.none()
    ours = record_id is None or record_id in (parting.home, parting.away)
    if not ours and not merge.filter(survivor=record_id).exists():
        raise Invalid("This is no merge of that record; open the record that it made.")


def part_members(
    parting: Parting, offers: Sequence[Offer], choices: Choices, *, reason: str, now: datetime
) -> Plan:
    """Carry out a parting that was decided on; who may, the caller has asked. Raises InvalidChoice."""
    refuse_unoffered(offers, choices)
    chosen = settled(offers, choices)
    merge = Merge.objects.select_for_update().get(pk=parting.merge_id) if parting.merge_id else None
    with acting(current().actor, reason=reason or current().reason):
        restored = restore_redirects(parting=parting, now=now)
        lifted = lift_pins(parting=parting, sides=chosen.pins, now=now)
        plan = plan_parting(parting=parting, pins=lifted.values, now=now)
        children = _pinned_children(parting, offers, chosen)
        move_child_pins(sides=children, reason=reason, now=now)
        before, undone = BeforeMerge(merge), merge.correlation_id if merge else None
        apply_decision(_routed(plan, merge, lifted, now=now), now=now, remember=before, undone=undone)
        put_pins(lifted=lifted, record_id=parting.away, now=now)
        _draw_again({record for record, _ in children}, now=now)
        _draw_again(_retired_referrers(parting), now=now, remember=before, undone=undone)
        return_requests(parting=parting, restored=restored, sides=chosen.requests, now=now)
        if merge:
            close_merge(merge_id=merge.pk, actor=current().actor.name, now=now)
        separate_members(
            entity=parting.entity, one=parting.leaving, other=parting.staying, reason=reason, now=now
        )
        _tell(parting, chosen, reason=reason, now=now)
    return plan


def _pinned_children(
    parting: Parting, offers: Sequence[Offer], chosen: Choices
) -> dict[tuple[UUID, str], UUID]:
    """Return the references that need a pin to be where they shall: those set by hand that leave, and those of which
    the steward says otherwise than their sources.
    """
    found = {}
    for offer in offers:
        if offer.kind == "child" and offer.record_id:
            place = (offer.record_id, offer.attribute)
            side = chosen.children[place]
            if (offer.by_hand and side == "away") or (not offer.by_hand and side != offer.side):
                found[place] = parting.away if side == "away" else parting.home
    return found


def _routed(plan: Plan, merge: Merge | None, lifted: Lifted, *, now: datetime) -> Plan:
    """Route a parting: where both were before their merge they come back to, and what alters that is held by policy.

    A pin that was given to the other side was agreed on already.
    """
    if merge is None:
        return route_consequences(plan=plan, now=now)
    approved = {UUID(record): document for record, document in merge.before.items()}
    routed = route_consequences(
        plan=plan.altered(lambda changes: [_rebased(each, approved.get(each.record_id)) for each in changes]),
        now=now,
        governed=approved.keys(),
        approved={(merge.loser_id, name) for name in lifted.values},
        undone=merge.correlation_id,
    )
    planned = plan.again(routed.held) if plan.again and routed.held != plan.held else plan
    changes = (_as_stored(*pair) for pair in zip(planned.changes, routed.changes, strict=True))
    return replace(routed, changes=tuple(changes))


def _rebased(change: Change, approved: Document | None) -> Change:
    """Return a change as one of the document from before the merge; what stays as it is stored is none."""
    if approved is None or change.kind not in REWRITTEN:
        return change
    changed = set(change.changed)
    names = ({*approved, *change.after} - {"provenance"}) | changed
    base = {name: (approved if name in changed else change.after).get(name) for name in names}
    before = {name: value for name, value in base.items() if value is not None}
    origins = provenance_of(change.provenance_before, names - changed)
    origins |= provenance_of(approved.get("provenance", {}), changed)
    return replace(change, kind="updated", before=before, provenance_before=origins)


def _as_stored(planned: Change, routed: Change) -> Change:
    """Return what was routed as a change of the document that is stored."""
    if planned.kind not in REWRITTEN:
        return routed
    kind: ChangeKind = "updated"
    if routed.after == planned.before:
        kind = "unchanged" if routed.provenance == planned.provenance_before else "requalified"
    return replace(routed, kind=kind, before=planned.before, provenance_before=planned.provenance_before)


def _retired_referrers(parting: Parting) -> set[UUID]:
    """Return the records that refer to `home` and that no source tells of any more: where they led, the merge knows."""
    found = referrers_of(entity(parting.entity), [parting.home])
    ids = [record for records in found.values() for record in records]
    retired = GoldenRecord.objects.filter(pk__in=ids, status=RecordStatus.RETIRED)
    return set(retired.values_list("pk", flat=True))


def _draw_again(
    records: set[UUID],
    *,
    now: datetime,
    remember: Remember = nothing_remembered,
    undone: UUID | None = None,
) -> None:
    named: dict[str, list[UUID]] = {}
    for record, name in GoldenRecord.objects.filter(pk__in=records).values_list("pk", "entity"):
        named.setdefault(name, []).append(record)
    for name, ids in sorted(named.items()):
        spec = entity(name)
        plan = plan_records(spec=spec, record_ids=ids, remembered=remember(spec, ids), now=now)
        apply_decision(route_consequences(plan=plan, now=now, undone=undone), now=now, undone=undone)


def _tell(parting: Parting, chosen: Choices, *, reason: str, now: datetime) -> None:
    Unmerge.objects.create(
        entity=parting.entity,
        home_id=parting.home,
        away_id=parting.away,
        merge_id=parting.merge_id,
        moved=[str(source) for source in parting.leaving],
        choices=chosen.as_json(),
        reason=reason,
        unmerged_at=now,
    )
    record_deed(
        verb="unmerge" if parting.merge_id else "split",
        entity=parting.entity,
        record_id=parting.home,
        subject=str(parting.away),
        reason=reason,
        detail={"members": len(parting.leaving)},
        now=now,
    )
