"""Decide candidate pairs and merge golden records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import acting, current
from apps.audit.services import record_deeds
from apps.core.errors import Conflict
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.services import (
    MergeVetoed,
    find_vetoes,
    mergeable_spec,
    plan_merges,
    refuse_vetoed,
    survivors_first,
    take_turn,
)
from apps.matching.models import CandidatePair, PairStatus, Verdict
from apps.matching.selectors import records_kept_apart
from apps.matching.services import (
    answer_pair,
    close_settled_pairs,
    let_members_unite,
    withdraw_decision,
)
from apps.sources.models import Crosswalk
from apps.stewardship.authority import demand
from apps.stewardship.models import ChangeRequest, Operation, RequestKind, RequestStatus
from apps.stewardship.services.holding import refuse_held
from apps.stewardship.services.parting import split_records
from apps.stewardship.services.routing import apply_decision, route_plan, supersede_requests

BY_RULE = "match"
APART = "A person decided that they are never one; withdraw that decision first."


class PairAnswered(Conflict):
    code = "pair_answered"
    title = "This pair was decided already"


@transaction.atomic
def decide_pair(
    *, pair_id: UUID, verdict: Verdict, reason: str, now: datetime, pattern_id: UUID | None = None
) -> UUID | None:
    """Answer a review pair: MATCH merges the two golden records, NEVER keeps them apart for ever.

    Returns the surviving golden id of a merge. Raises PairAnswered, MergeVetoed, NeedsApprover where the approval
    policy holds what would follow, Denied.
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
        if records_kept_apart(record_ids=[left, right]):
            raise MergeVetoed(
                "A person keeps two members of these golden records apart; withdraw that decision first."
            )
        refuse_held(entity(pair.entity), Operation.MERGE, [left, right])
        return merge_records(record_ids=[left, right], method="steward", reason=reason, now=now)
    if verdict == Verdict.NEVER and left == right:
        refuse_held(entity(pair.entity), Operation.UNMERGE, [left])
        split_records(record_id=left, source_record_ids=[pair.right_id], reason=reason, now=now)
    return None


@transaction.atomic
def take_back_decision(*, decision_id: UUID, reason: str, now: datetime) -> None:
    """Withdraw a decision on a pair in a turn of its own, so that no batch goes by it meanwhile.

    Raises NotFound, Denied.
    """
    demand(Capability.DECIDE)
    take_turn()
    withdraw_decision(decision_id=decision_id, reason=reason, now=now)


@transaction.atomic
def merge_records(
    *, record_ids: Sequence[UUID], method: str, reason: str, now: datetime, override: bool = False
) -> UUID:
    """Merge golden records of one entity; the one with most members (then the oldest) survives. Returns its id.

    Raises MergeVetoed for what forbids it: a person's merge needs an approver then (`override`, see
    `propose_merge`), unless it is absolute; a rule's (method "match") is also refused where a person keeps two apart.
    A person's merge withdraws such decisions.
    """
    demand(Capability.APPROVE if override else Capability.DECIDE)
    take_turn()
    ids = list(record_ids)
    spec = mergeable_spec(ids)
    if method == BY_RULE and records_kept_apart(record_ids=ids):
        raise MergeVetoed(APART)
    [vetoes] = find_vetoes(spec, [ids])
    refuse_vetoed(vetoes, override=override)
    with acting(current().actor, reason=reason or current().reason):
        [survivor] = merge_sets(spec, [ids], method=method, reason=reason, now=now)
    return survivor


@transaction.atomic
def merge_groups(
    *, groups: Iterable[Sequence[UUID]], reason: str, now: datetime
) -> tuple[list[UUID], list[tuple[Sequence[UUID], str]]]:
    """Merge, by rule, sets of golden records of one entity that have no record in common, all in one plan.

    Returns the survivors, and the sets that something forbids, with what does. A constant number of statements.
    """
    demand(Capability.DECIDE)
    take_turn()
    listed = [list(group) for group in groups]
    if not listed:
        return [], []
    headers = GoldenRecord.objects.in_bulk([record for group in listed for record in group])
    refused: list[tuple[Sequence[UUID], str]] = []
    fit = []
    for group in listed:
        gone = [record for record in group if not _live(headers.get(record))]
        refused += [(group, "One of them is no live record any more.")] if gone else []
        fit += [] if gone else [group]
    if not fit:
        return [], refused
    spec = mergeable_spec([record for group in fit for record in group])
    apart = records_kept_apart(record_ids=[record for group in fit for record in group])
    free = []
    for group, vetoes in zip(fit, find_vetoes(spec, fit), strict=True):
        if any(pair <= set(group) for pair in apart):
            refused.append((group, APART))
        elif vetoes:
            refused.append((group, " ".join(veto.message for veto in vetoes)))
        else:
            free.append(group)
    if not free:
        return [], refused
    with acting(current().actor, reason=reason):
        return merge_sets(spec, free, method=BY_RULE, reason=reason, now=now), refused


def _live(header: GoldenRecord | None) -> bool:
    return header is not None and header.status != RecordStatus.MERGED


def merge_sets(
    spec: EntitySpec, groups: Sequence[Sequence[UUID]], *, method: str, reason: str, now: datetime
) -> list[UUID]:
    """Merge sets of records that nothing forbids; return the survivors. Who may, the caller has asked."""
    headers = (
        GoldenRecord.objects.select_for_update()
        .order_by("pk")
        .in_bulk([record for group in groups for record in group])
    )
    members: dict[UUID, list[UUID]] = {record: [] for record in headers}
    for record, source in Crosswalk.objects.filter(record__in=headers).values_list(
        "record_id", "source_record_id"
    ):
        members[record].append(source)
    created = {pk: header.created_at for pk, header in headers.items()}
    merging = [survivors_first({record: len(members[record]) for record in g}, created) for g in groups]
    survivors = {loser: survivor for survivor, *losers in merging for loser in losers}
    plan = plan_merges(
        spec=spec,
        groups=[(survivor, losers) for survivor, *losers in merging],
        method=method,
        reason=reason,
        now=now,
    )
    if method != BY_RULE:
        for group in groups:
            let_members_unite(sides=[members[record] for record in group], now=now)
    supersede_requests(record_ids=list(survivors), now=now)
    _carry_proposals(survivors)
    apply_decision(route_plan(plan=plan, now=now), now=now)
    close_settled_pairs(record_ids=[survivor for survivor, *_ in merging], now=now)
    told = {str(loser): survivor for loser, survivor in survivors.items()}
    record_deeds(verb="merge", entity=spec.name, subjects=told, reason=reason, now=now)
    return [survivor for survivor, *_ in merging]


def _carry_proposals(survivors: dict[UUID, UUID]) -> None:
    """Let what people proposed for a loser wait for an answer on its survivor."""
    waiting = ChangeRequest.objects.select_for_update().filter(
        record__in=survivors, kind=RequestKind.CHANGE, status=RequestStatus.PENDING
    )
    for request in waiting.exclude(pins={}).order_by("pk"):
        request.asked_of_id = request.asked_of_id or request.record_id
        request.record_id = survivors[request.record_id]
        request.save(update_fields=["asked_of", "record"])
