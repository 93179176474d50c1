"""Take members out of a golden record: find whose they were, plan both sides, restore redirects."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, NotFound
from apps.core.ids import uuid7
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import Document
from apps.golden.writers import repoint_redirects
from apps.mastering.contracts import Move, Parting, Plan
from apps.mastering.engine.survivorship import PinnedValue
from apps.mastering.models import Merge
from apps.mastering.services.planning import plan_records
from apps.sources.selectors import members_of


def parting_of_merge(*, merge_id: UUID, also: Iterable[UUID] = ()) -> Parting:
    """Return who goes back when a merge is undone: what came with the loser, and `also`, arrivals that belong to it.

    Raises Conflict when it was undone before, or when nothing that came from the loser is left to go back.
    """
    merge = Merge.objects.filter(pk=merge_id).first()
    if merge is None:
        raise NotFound(f"There is no merge {merge_id}.")
    if merge.unmerged_at:
        raise Conflict("This merge was undone already; reload the page.")
    loser = GoldenRecord.objects.get(pk=merge.loser_id)
    home = loser.merged_into_id or merge.survivor_id
    wanted = {UUID(source) for source in merge.moved} | set(also)
    return _parting(merge.entity, home, loser.pk, wanted, merge=merge)


def parting_of_members(*, record_id: UUID, source_record_ids: Iterable[UUID]) -> Parting:
    """Return where these members of a golden record go: to the merged record most of them came from, else a new one.

    Raises NotFound, and Conflict when they are none or all of its members.
    """
    header = GoldenRecord.objects.filter(pk=record_id).first()
    if header is None:
        raise NotFound(f"There is no golden record {record_id}.")
    leaving = set(source_record_ids)
    merge = _merge_of(record_id, leaving)
    if merge is None:
        return _parting(header.entity, record_id, uuid7(), leaving, merge=None)
    return _parting(header.entity, record_id, merge.loser_id, leaving, merge=merge)


def _parting(entity_name: str, home: UUID, away: UUID, wanted: set[UUID], *, merge: Merge | None) -> Parting:
    members = members_of([home])
    leaving = [member for member in members if member.id in wanted]
    staying = [member for member in members if member.id not in wanted]
    if merge and not leaving:
        raise Conflict("No source record that came with it is left there; split the record instead.")
    if not leaving or not staying:
        raise Conflict("Choose some, but not all, of the record's members.")
    if merge is None and all(member.deleted for member in leaving):
        raise Conflict("Their systems deleted them: there is nothing a record of their own could be made of.")
    return Parting(
        entity=entity_name,
        home=home,
        away=away,
        leaving=tuple(member.id for member in leaving),
        staying=tuple(member.id for member in staying),
        is_new=merge is None,
        merge_id=merge.pk if merge else None,
        since=merge.merged_at if merge else None,
    )


def _merge_of(home: UUID, leaving: set[UUID]) -> Merge | None:
    """Return the merge whose loser these members came from: most of them did, and it is the closest fit."""
    redirects = GoldenRecord.objects.filter(merged_into=home, status=RecordStatus.MERGED)
    best: tuple[int, int, Merge] | None = None
    for merge in Merge.objects.filter(loser__in=redirects, unmerged_at__isnull=True).order_by(
        "merged_at", "pk"
    ):
        moved = {UUID(source) for source in merge.moved}
        common = len(moved & leaving)
        fit = (common, -len(moved - leaving), merge)
        if 2 * common > len(leaving) and (best is None or fit[:2] > best[:2]):
            best = fit
    return best[2] if best else None


def plan_parting(
    *,
    parting: Parting,
    now: datetime,
    pins: Mapping[str, PinnedValue] | None = None,
    remembered: Mapping[UUID, Document] | None = None,
) -> Plan:
    """Plan both sides as if the members had gone; `pins` are those that go with them, besides its own."""
    merge = Merge.objects.get(pk=parting.merge_id) if parting.merge_id else None
    methods = merge.methods if merge else {}
    before = {UUID(record): document for record, document in merge.before.items()} if merge else {}
    return plan_records(
        spec=entity(parting.entity),
        record_ids=[parting.home, parting.away],
        moves=[Move(source, parting.away, methods.get(str(source), "steward")) for source in parting.leaving],
        pins={parting.away: dict(pins)} if pins else None,
        remembered={**before, **(remembered or {})},
        now=now,
    )


def close_merge(*, merge_id: UUID, actor: str, now: datetime) -> None:
    """Say that a merge is undone, after its plan was applied."""
    Merge.objects.filter(pk=merge_id).update(unmerged_at=now, unmerged_by=actor)


def restore_redirects(*, parting: Parting, now: datetime) -> list[UUID]:
    """Let what was merged into `away` before lead there again, as far as its members go along; return those records.

    Before the parting is planned: the pins of those records come along.
    """
    if parting.is_new:
        return []
    leaving, staying = set(parting.leaving), set(parting.staying)
    back: set[UUID] = set()
    found = {parting.away}
    while found:
        following = set()
        for merge in Merge.objects.filter(survivor__in=found, unmerged_at__isnull=True):
            moved = {UUID(source) for source in merge.moved}
            if len(moved & leaving) >= len(moved & staying):
                following.add(merge.loser_id)
        found = following - back
        back |= found
    redirects = GoldenRecord.objects.filter(pk__in=back, status=RecordStatus.MERGED)
    ids = sorted(redirects.values_list("pk", flat=True))
    with raw_cursor() as cursor:
        repoint_redirects(cursor, dict.fromkeys(ids, parting.away), now=now)
    return ids
