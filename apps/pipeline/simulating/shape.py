"""Who would live with whom: the moves, merges and splits a match rule would bring, vetoes heeded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from apps.golden.models import GoldenRecord
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Move, Redirect
from apps.mastering.services import find_vetoes, survivors_first
from apps.matching.rule import Rule
from apps.matching.selectors import Outlook, rematch_outlook
from apps.pipeline.reviving import revive
from apps.pipeline.simulating.progress import Progress


@dataclass(frozen=True)
class Shape:
    """The result as one plan would make it: source records that move, losers of merges, and why some are not made."""

    outlook: Outlook
    moves: tuple[Move, ...]
    redirects: tuple[Redirect, ...]
    merged: tuple[tuple[UUID, ...], ...]
    left: dict[UUID, tuple[UUID, ...]]
    vetoed: tuple[tuple[tuple[UUID, ...], str], ...] = ()
    before: Mapping[UUID, UUID] = field(default_factory=dict)
    after: Mapping[UUID, UUID] = field(default_factory=dict)
    remembered: Mapping[UUID, Document] = field(default_factory=dict)

    @property
    def touched(self) -> set[UUID]:
        """Golden records whose members would be others."""
        losers = {redirect.loser for redirect in self.redirects}
        return ({move.record_id for move in self.moves} | set(self.left)) - losers


def shape_of_rule(spec: EntitySpec, rule: Rule, progress: Progress) -> Shape:
    """Return what a full re-match with the rule would make of the records of an entity."""
    outlook = rematch_outlook(spec=spec, rule=rule, report=progress)
    homes = {member.id: member.home for member in outlook.members if member.home}
    revival = revive(outlook.joined, homes)
    after = homes | {each.source_record_id: each.record_id for each in revival.joined}
    left: dict[UUID, list[UUID]] = {}
    for each in revival.joined:
        left.setdefault(homes[each.source_record_id], []).append(each.source_record_id)
    free, vetoed = _heeding_vetoes(spec, outlook.merges)
    survivors, merged = _survivors(free, after)
    moves = {
        each.source_record_id: Move(each.source_record_id, each.record_id, each.method)
        for each in revival.joined
    }
    taken: dict[UUID, list[str]] = {loser: [] for loser in survivors}
    for record, home in after.items():
        if home in survivors:
            taken[home].append(str(record))
            moves[record] = Move(record, survivors[home], "match")
    after |= {record: move.record_id for record, move in moves.items()}
    redirects = [
        Redirect(loser=loser, survivor=survivor, moved=tuple(taken[loser]), method="match")
        for loser, survivor in survivors.items()
    ]
    return Shape(
        outlook=outlook,
        moves=tuple(moves.values()),
        redirects=tuple(redirects),
        merged=merged,
        left={home: tuple(sorted(records)) for home, records in sorted(left.items())},
        vetoed=vetoed,
        before=homes,
        after=after,
        remembered=revival.remembered,
    )


def _heeding_vetoes(
    spec: EntitySpec, groups: tuple[tuple[UUID, ...], ...]
) -> tuple[list[tuple[UUID, ...]], tuple[tuple[tuple[UUID, ...], str], ...]]:
    free, vetoed = [], []
    for group, vetoes in zip(groups, find_vetoes(spec, groups) if groups else (), strict=True):
        if vetoes:
            vetoed.append((group, " ".join(dict.fromkeys(veto.message for veto in vetoes))))
        else:
            free.append(group)
    return free, tuple(vetoed)


def _survivors(
    groups: list[tuple[UUID, ...]], after: Mapping[UUID, UUID]
) -> tuple[dict[UUID, UUID], tuple[tuple[UUID, ...], ...]]:
    """Return each loser's survivor, and the groups with the survivor first."""
    sizes = Counter(after.values())
    ids = [record for group in groups for record in group]
    created = dict(GoldenRecord.objects.filter(pk__in=ids).values_list("pk", "created_at"))
    ordered = [survivors_first({record: sizes[record] for record in group}, created) for group in groups]
    survivors = {loser: survivor for survivor, *losers in ordered for loser in losers}
    return survivors, tuple(tuple(group) for group in ordered)
