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

    `homes` are the present golden records, read where they are not given.
    """
    known = homes if homes is not None else homes_of(source_record_ids=[j.source_record_id for j in joined])
    new = {j.record_id for j in joined if j.method == "new"}
    leaving: dict[UUID, tuple[UUID, list[UUID]]] = {}
    for each in joined:
        home = known.get(each.source_record_id)
        if each.record_id in new and home is not None:
            leaving.setdefault(each.record_id, (home, []))[1].append(each.source_record_id)
    if not leaving:
        return Revival(tuple(joined))
    merges = former_homes(leaving=leaving)
    back = {fresh: merge.loser_id for fresh, merge in merges.items()}
    methods = {UUID(source): how for merge in merges.values() for source, how in merge.methods.items()}
    moved = tuple(
        replace(
            each,
            record_id=back[each.record_id],
            method=methods.get(each.source_record_id, each.method),
        )
        if each.record_id in back
        else each
        for each in joined
    )
    remembered: dict[UUID, Document] = {}
    for merge in sorted(merges.values(), key=lambda each: each.merged_at, reverse=True):
        remembered |= {UUID(record): document for record, document in merge.before.items()}
    return Revival(moved, remembered, tuple(merges.values()))
