"""Plan merges: what would move and what would survive, computed before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.core.errors import Conflict, HubError, NotFound
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Move, Plan, Redirect, Veto
from apps.mastering.services.planning import plan_records
from apps.mastering.services.vetoes import find_vetoes
from apps.sources.models import Crosswalk


class MergeVetoed(HubError):
    code = "merge_vetoed"
    title = "These records must not become one"
    status = 409

    def __init__(self, detail: str, vetoes: Sequence[Veto] = ()) -> None:
        super().__init__(detail)
        self.vetoes = tuple(vetoes)


def plan_merge(
    *,
    survivor_id: UUID,
    loser_ids: Sequence[UUID],
    method: str,
    reason: str,
    now: datetime,
    lock: bool = True,
    override: bool = False,
) -> Plan:
    """Plan the merge of records of one entity into the survivor.

    Raises NotFound for an unknown record, Conflict when one is merged already or of another entity, MergeVetoed when
    something forbids it; `override` is an approver's word, it lifts what is not absolute.
    """
    spec = mergeable_spec([survivor_id, *loser_ids])
    [vetoes] = find_vetoes(spec, [[survivor_id, *loser_ids]])
    refuse_vetoed(vetoes, override=override)
    return plan_merges(
        spec=spec, groups=[(survivor_id, loser_ids)], method=method, reason=reason, now=now, lock=lock
    )


class NeedsApprover(MergeVetoed):
    code = "merge_needs_approver"
    title = "These records may become one only if an approver agrees"


def refuse_vetoed(vetoes: Sequence[Veto], *, override: bool) -> None:
    """Raise MergeVetoed with what nobody may lift, NeedsApprover with what an approver has not lifted."""
    standing = [veto for veto in vetoes if veto.absolute or not override]
    told = " ".join(dict.fromkeys(veto.message for veto in standing))
    if any(veto.absolute for veto in standing):
        raise MergeVetoed(told, standing)
    if standing:
        raise NeedsApprover(
            f"{told} Propose the merge on the record's page: an approver decides on it.", standing
        )


def mergeable_spec(ids: Sequence[UUID]) -> EntitySpec:
    """Return the entity of live records that may become one. Raises NotFound, Conflict, MergeVetoed."""
    headers = GoldenRecord.objects.in_bulk(list(ids))
    for record in ids:
        if record not in headers:
            raise NotFound(f"There is no golden record {record}.")
    if len(set(ids)) != len(ids):
        raise MergeVetoed("A record cannot be merged into itself; choose two records.")
    entity_names = {header.entity for header in headers.values()}
    if len(entity_names) != 1:
        raise Conflict(f"Records of different entities cannot be merged: {', '.join(sorted(entity_names))}.")
    merged = next((h for h in headers.values() if h.status == RecordStatus.MERGED), None)
    if merged:
        raise Conflict(f"{merged.code} was merged into another record already; reload the page.")
    return entity(entity_names.pop())


def plan_merges(
    *,
    spec: EntitySpec,
    groups: Sequence[tuple[UUID, Sequence[UUID]]],
    method: str,
    reason: str,
    now: datetime,
    lock: bool = True,
) -> Plan:
    """Plan several merges, each a survivor and its losers, that have nothing in common. Vetoes are the caller's."""
    survivors = {loser: survivor for survivor, losers in groups for loser in losers}
    members: dict[UUID, dict[UUID, str]] = {record: {} for pair in survivors.items() for record in pair}
    rows = Crosswalk.objects.filter(record__in=members).order_by("system_id", "key")
    for source, home, came in rows.values_list("source_record_id", "record_id", "method"):
        members[home][source] = came
    moves = [Move(source, survivors[loser], method) for loser in survivors for source in members[loser]]
    redirects = [
        Redirect(
            loser=loser,
            survivor=survivor,
            moved=tuple(str(source) for source in members[loser]),
            method=method,
            reason=reason,
            methods={str(source): came for source, came in members[loser].items()},
            stayed=tuple(str(source) for source in members[survivor]),
        )
        for loser, survivor in survivors.items()
    ]
    plan = plan_records(
        spec=spec,
        record_ids=[survivor for survivor, _ in groups],
        moves=moves,
        redirects=redirects,
        now=now,
        lock=lock,
    )
    return replace(plan, redirects=tuple(redirects))


def survivors_first(sizes: Mapping[UUID, int], created: Mapping[UUID, datetime]) -> list[UUID]:
    """Order records by who should survive a merge: most members, then the oldest, then by id."""
    return sorted(sizes, key=lambda record: (-sizes[record], created[record], record))
