"""Let rules that part what rules had joined give the old golden records back, and not new ones in their place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from apps.audit.context import current
from apps.golden.spec import Document
from apps.mastering.contracts import Parting
from apps.mastering.models import Merge
from apps.mastering.services import close_merge, former_homes, restore_redirects
from apps.matching.contracts import Joined
from apps.sources.selectors import homes_of, members_of


@dataclass(frozen=True)
class Revival:
    """Where records go once former golden records live again, what those said, and the merges this undoes."""

    joined: tuple[Joined, ...]
    remembered: dict[UUID, Document] = field(default_factory=dict)
    merges: tuple[Merge, ...] = ()

    def restore(self, *, now: datetime) -> None:
        """Let what was merged into a revived record before lead there again; before the plan is made."""
        for merge in self.merges:
            leaving = tuple(j.source_record_id for j in self.joined if j.record_id == merge.loser_id)
            home = merge.loser.merged_into_id or merge.survivor_id
            staying = tuple(member.id for member in members_of([home]) if member.id not in set(leaving))
            parting = Parting(
                entity=merge.entity,
                home=home,
                away=merge.loser_id,
                leaving=leaving,
                staying=staying,
                is_new=False,
                merge_id=merge.pk,
                since=merge.merged_at,
            )
            restore_redirects(parting=parting, now=now)

    def close(self, *, now: datetime) -> None:
        """Say that the merges are undone, after the plan was applied."""
        for merge in self.merges:
            close_merge(merge_id=merge.pk, actor=current().actor.name, now=now)


def revive(joined: Sequence[Joined], homes: Mapping[UUID, UUID] | None = None) -> Revival:
    """Send records that leave a golden record for a new one to the merged one they came from, if there is one.

    Where those that would stay came with a merge and those that leave are the record's own, it is the other way
    round. `homes` are the present golden records of an entity, read where they are not given.
    """
    sources = [each.source_record_id for each in joined]
    known = homes if homes is not None else homes_of(source_record_ids=sources)
    new = {each.record_id for each in joined if each.method == "new"}
    leaving: dict[UUID, tuple[UUID, list[UUID]]] = {}
    for each in joined:
        home = known.get(each.source_record_id)
        if each.record_id in new and home is not None:
            leaving.setdefault(each.record_id, (home, []))[1].append(each.source_record_id)
    if not leaving:
        return Revival(tuple(joined))
    staying = _staying({home for home, _ in leaving.values()}, joined, homes)
    merges = former_homes(leaving={**leaving, **{home: (home, own) for home, own in staying.items()}})
    moved = {each.source_record_id: each for each in joined}
    _swap(moved, merges, leaving, staying)
    back = {fresh: merge.loser_id for fresh, merge in merges.items() if fresh in leaving}
    methods = {UUID(source): how for merge in merges.values() for source, how in merge.methods.items()}
    result = tuple(
        replace(
            each,
            record_id=back[each.record_id],
            method=methods.get(each.source_record_id, each.method),
        )
        if each.record_id in back
        else each
        for each in moved.values()
    )
    remembered: dict[UUID, Document] = {}
    for merge in sorted(merges.values(), key=lambda each: each.merged_at, reverse=True):
        remembered |= {UUID(record): document for record, document in merge.before.items()}
    return Revival(result, remembered, tuple(merges.values()))


def _staying(
    left: set[UUID], joined: Sequence[Joined], homes: Mapping[UUID, UUID] | None
) -> dict[UUID, list[UUID]]:
    """Return the members that golden records keep."""
    gone = {each.source_record_id for each in joined}
    found: dict[UUID, list[UUID]] = {home: [] for home in left}
    if homes is None:
        pairs = [(member.id, member.record_id) for member in members_of(left)]
    else:
        pairs = [(source, home) for source, home in homes.items() if home in left]
    for source, home in pairs:
        if home is not None and source not in gone:
            found[home].append(source)
    return found


def _swap(
    moved: dict[UUID, Joined],
    merges: dict[UUID, Merge],
    leaving: Mapping[UUID, tuple[UUID, list[UUID]]],
    staying: Mapping[UUID, list[UUID]],
) -> None:
    """Let a golden record's own members stay and those that came with a merge leave (in place)."""
    for home, came in staying.items():
        merge = merges.get(home)
        if merge is None:
            continue
        own = [new for new, (left, _) in leaving.items() if left == home and new not in merges]
        if not own:
            del merges[home]
            continue
        keeper = max(own, key=lambda new: (len(leaving[new][1]), str(new)))
        arriving = [source for source, each in moved.items() if each.record_id == home]
        for source in leaving[keeper][1]:
            del moved[source]
        for source in (*came, *arriving):
            how = merge.methods.get(str(source), "match")
            moved[source] = Joined(source, merge.loser_id, how)
