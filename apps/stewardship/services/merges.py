"""Decide candidate pairs, merge and take merges back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict
from apps.core.ids import uuid7
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.contracts import Move, Plan
from apps.mastering.models import Merge
from apps.mastering.services import (
    MergeVetoed,
    close_merge,
    plan_merge,
    plan_records,
    plan_unmerge,
    restore_redirects,
    survivors_first,
    take_turn,
)
from apps.matching.models import CandidatePair, PairStatus, Verdict
from apps.matching.selectors import kept_apart
from apps.matching.services import answer_pair, bind_pairs, close_settled_pairs
from apps.sources.models import Crosswalk
from apps.stewardship.authority import demand
from apps.stewardship.services.routing import (
    apply_decision,
    route_consequences,
    route_plan,
    supersede_requests,
)


class PairAnswered(Conflict):
    code = "pair_answered"
    title = "This pair was decided already"


@transaction.atomic
def decide_pair(
    *, pair_id: UUID, verdict: Verdict, reason: str, now: datetime, pattern_id: UUID | None = None
) -> UUID | None:
    """Answer a review pair: MATCH merges the two golden records, NEVER keeps them apart for ever.

    Returns the surviving golden id of a merge. Raises PairAnswered, MergeVetoed, Denied.
    """
    demand(Capability.DECIDE)
    take_turn()
    pair = CandidatePair.objects.select_for_update().get(pk=pair_id)
    if pair.status != PairStatus.OPEN:
        raise PairAnswered(f"It is decided as {pair.get_status_display()}; take the next one.")
    answer_pair(pair=pair, verdict=verdict, reason=reason, now=now, pattern_id=pattern_id)
    homes = dict(
        Crosswalk.objects.filter(pk__in=(pair.left_id, pair.right_id)).values_list(
            "source_record_id", "record_id"
        )
    )
    left, right = homes.get(pair.left_id), homes.get(pair.right_id)
    if left is None or right is None:
        return None
    if verdict == Verdict.MATCH and left != right:
        if kept_apart(record_ids=[left, right]):
            raise MergeVetoed(
                "A person keeps two members of these golden records apart; withdraw that decision first."
            )
        return merge_records(record_ids=[left, right], method="steward", reason=reason, now=now)
    if verdict == Verdict.NEVER and left == right:
        split_records(record_id=left, source_record_ids=[pair.right_id], reason=reason, now=now)
    return None


@transaction.atomic
def merge_records(*, record_ids: Sequence[UUID], method: str, reason: str, now: datetime) -> UUID:
    """Merge golden records of one entity; the one with most members (then the oldest) survives. Returns its id.

    Raises MergeVetoed, also when a rule ("match") would join what a person keeps apart.
    """
    demand(Capability.DECIDE)
    take_turn()
    if method == "match" and kept_apart(record_ids=record_ids):
        raise MergeVetoed("A person decided that they are never one; withdraw that decision first.")
    headers = GoldenRecord.objects.select_for_update().order_by("pk").in_bulk(record_ids)
    sizes = dict.fromkeys(headers, 0)
    for record in Crosswalk.objects.filter(record__in=headers).values_list("record_id", flat=True):
        sizes[record] += 1
    survivor, *losers = survivors_first(sizes, {pk: header.created_at for pk, header in headers.items()})
    plan = plan_merge(survivor_id=survivor, loser_ids=losers, method=method, reason=reason, now=now)
    supersede_requests(record_ids=losers, now=now)
    apply_decision(route_plan(plan=plan, now=now), now=now)
    close_settled_pairs(record_id=survivor, now=now)
    for loser in losers:
        record_deed(
            verb="merge", entity=plan.entity, record_id=survivor, subject=str(loser), reason=reason, now=now
        )
    return survivor


@transaction.atomic
def undo_merge(*, merge_id: UUID, reason: str, now: datetime) -> Plan:
    """Give the loser its members back and keep both apart from now on. Raises Conflict when it was undone before."""
    demand(Capability.DECIDE)
    take_turn()
    restore_redirects(merge_id=merge_id, now=now)
    plan, merge = plan_unmerge(merge_id=merge_id, now=now)
    [home] = {change.record_id for change in plan.changes} - {merge.loser_id}
    apply_decision(route_consequences(plan=plan, now=now), now=now)
    close_merge(merge=merge, actor=current().actor.name, now=now)
    _keep_apart(merge, home, reason=reason, now=now)
    record_deed(
        verb="unmerge", entity=merge.entity, record_id=merge.survivor_id, subject=str(merge.loser_id), reason=reason,
        now=now,
    )  # fmt: skip
    return plan


def _keep_apart(merge: Merge, home: UUID, *, reason: str, now: datetime) -> None:
    """Bind the members that went back and those that stayed in `home`, where the survivor's members are by now."""
    members = {
        record: list(Crosswalk.objects.filter(record=record).values_list("source_record_id", flat=True))
        for record in (merge.loser_id, home)
    }
    back, stayed = members.values()
    pairs = [(one, other) for one in back for other in stayed]
    bind_pairs(entity=merge.entity, pairs=pairs, verdict=Verdict.NEVER, reason=reason, now=now)


@transaction.atomic
def split_records(*, record_id: UUID, source_record_ids: Sequence[UUID], reason: str, now: datetime) -> UUID:
    """Take source records out of a golden record into a new one and keep them apart. Returns the new golden id."""
    demand(Capability.DECIDE)
    take_turn()
    header = GoldenRecord.objects.select_for_update().get(pk=record_id)
    members = set(Crosswalk.objects.filter(record=record_id).values_list("source_record_id", flat=True))
    leaving = members & set(source_record_ids)
    if not leaving or leaving == members:
        raise Conflict("Choose some, but not all, of the record's members.")
    new = uuid7()
    moves = [Move(source, new, "steward") for source in sorted(leaving)]
    plan = plan_records(spec=entity(header.entity), record_ids=[record_id, new], moves=moves, now=now)
    apply_decision(route_consequences(plan=plan, now=now), now=now)
    pairs = [(one, other) for one in leaving for other in members - leaving]
    bind_pairs(entity=header.entity, pairs=pairs, verdict=Verdict.NEVER, reason=reason, now=now)
    record_deed(
        verb="split", entity=header.entity, record_id=record_id, subject=str(new), reason=reason, now=now
    )
    return new
