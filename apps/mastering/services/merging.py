"""Plan merges and unmerges: what would move, computed before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, HubError, NotFound
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.writers import repoint_redirects
from apps.mastering.contracts import Move, Plan, Redirect
from apps.mastering.models import Merge
from apps.mastering.services.planning import plan_records
from apps.sources.selectors import members_of


class MergeVetoed(HubError):
    code = "merge_vetoed"
    title = "These records must not become one"
    status = 409


def plan_merge(
    *,
    survivor_id: UUID,
    loser_ids: Sequence[UUID],
    method: str,
    reason: str,
    now: datetime,
    lock: bool = True,
) -> Plan:
    """Plan the merge of records of one entity into the survivor.

    Raises NotFound for an unknown record, Conflict when one is merged already or of another entity, MergeVetoed
    when one is the parent of another (a group is not its subsidiary).
    """
    wanted = [survivor_id, *loser_ids]
    headers = GoldenRecord.objects.in_bulk(wanted)
    for record in wanted:
        if record not in headers:
            raise NotFound(f"There is no golden record {record}.")
    if survivor_id in loser_ids:
        raise MergeVetoed("A record cannot be merged into itself; choose two records.")
    entity_names = {header.entity for header in headers.values()}
    if len(entity_names) != 1:
        raise Conflict(f"Records of different entities cannot be merged: {', '.join(sorted(entity_names))}.")
    merged = next((h for h in headers.values() if h.status == RecordStatus.MERGED), None)
    if merged:
        raise Conflict(f"{merged.code} was merged into another record already; reload the page.")
    spec = entity(entity_names.pop())
    _veto_kinship(spec.name, wanted)
    members = members_of(loser_ids)
    moves = [Move(member.id, survivor_id, method) for member in members]
    redirects = [
        Redirect(
            loser=loser,
            survivor=survivor_id,
            moved=tuple(str(member.id) for member in members if member.record_id == loser),
            method=method,
            reason=reason,
        )
        for loser in loser_ids
    ]
    plan = plan_records(
        spec=spec, record_ids=[survivor_id], moves=moves, redirects=redirects, now=now, lock=lock
    )
    return replace(plan, redirects=tuple(redirects))


def _veto_kinship(entity_name: str, ids: Sequence[UUID]) -> None:
    spec = entity(entity_name)
    own = [attribute.name for attribute in spec.references() if attribute.references == entity_name]
    known = {str(record) for record in ids}
    for record, document in load_documents(spec, ids).items():
        for name in own:
            if document.get(name) in known and document[name] != str(record):
                raise MergeVetoed(
                    f"One record is the {name} of the other. Remove that link first if it is wrong."
                )


def plan_unmerge(*, merge_id: UUID, now: datetime) -> tuple[Plan, Merge]:
    """Plan the undoing of a merge: the members that came from the loser go back to it.

    Members that the survivor got by itself stay. Raises Conflict when it was undone before, or when nothing that
    came from the loser is left to go back.
    """
    merge = Merge.objects.select_for_update().get(pk=merge_id)
    if merge.unmerged_at:
        raise Conflict("This merge was undone already; reload the page.")
    spec = entity(merge.entity)
    loser = GoldenRecord.objects.get(pk=merge.loser_id)
    home = loser.merged_into_id or merge.survivor_id
    going_back = [member for member in members_of([home]) if str(member.id) in set(merge.moved)]
    if all(member.deleted for member in going_back):
        raise Conflict("No source record that came with it is left there; split the record instead.")
    moves = [Move(member.id, merge.loser_id, "steward") for member in going_back]
    remembered = {UUID(record): document for record, document in merge.before.items()}
    plan = plan_records(spec=spec, record_ids=[home, loser.pk], moves=moves, remembered=remembered, now=now)
    return plan, merge


def close_merge(*, merge: Merge, actor: str, now: datetime) -> None:
    """Say that a merge is undone, after its plan was applied."""
    Merge.objects.filter(pk=merge.pk).update(unmerged_at=now, unmerged_by=actor)


def restore_redirects(*, merge_id: UUID, now: datetime) -> None:
    """Let what was merged into the loser of a merge lead there again; before the undoing of that merge is planned."""
    loser = Merge.objects.select_for_update().get(pk=merge_id).loser_id
    followers: set[UUID] = set()
    found = {loser}
    while found:
        open_merges = Merge.objects.filter(survivor__in=found, unmerged_at__isnull=True)
        found = set(open_merges.values_list("loser_id", flat=True)) - followers
        followers |= found
    redirects = GoldenRecord.objects.filter(pk__in=followers, status=RecordStatus.MERGED)
    with raw_cursor() as cursor:
        repoint_redirects(cursor, sorted(redirects.values_list("pk", flat=True)), survivor=loser, now=now)


def survivors_first(sizes: Mapping[UUID, int], created: Mapping[UUID, datetime]) -> list[UUID]:
    """Order records by who should survive a merge: most members, then the oldest, then by id."""
    return sorted(sizes, key=lambda record: (-sizes[record], created[record], record))
