"""Cut what a match rule moves into pieces to plan one by one: records that exchange members stay together."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Move, Redirect
from apps.pipeline.simulating.jobs import CHUNK, Job
from apps.pipeline.simulating.shape import Shape


def pieces_of(spec: EntitySpec, shape: Shape, own: Iterable[UUID]) -> Iterator[Job]:
    """Yield jobs that plan the records of `own`, each with all that moves between its records."""
    leader = _leaders(shape)
    moves: dict[UUID, list[Move]] = {}
    for move in shape.moves:
        moves.setdefault(leader[move.record_id], []).append(move)
    redirects: dict[UUID, list[Redirect]] = {}
    for redirect in shape.redirects:
        redirects.setdefault(leader[redirect.survivor], []).append(redirect)
    groups: dict[UUID, list[UUID]] = {}
    for record in sorted(own):
        groups.setdefault(leader.get(record, record), []).append(record)
    for chosen in _batches(groups):
        ids = tuple(record for group in chosen for record in groups[group])
        yield Job(
            spec.name,
            ids,
            moves=tuple(move for group in chosen for move in moves.get(group, ())),
            redirects=tuple(redirect for group in chosen for redirect in redirects.get(group, ())),
            remembered={record: shape.remembered[record] for record in ids if record in shape.remembered},
        )


def _leaders(shape: Shape) -> dict[UUID, UUID]:
    """Return the first record of each group of golden records that members move between."""
    leader: dict[UUID, UUID] = {}

    def find(record: UUID) -> UUID:
        leader.setdefault(record, record)
        while leader[record] != record:
            leader[record] = record = leader[leader[record]]
        return record

    links = [(shape.before[move.source_record_id], move.record_id) for move in shape.moves]
    links += [(redirect.loser, redirect.survivor) for redirect in shape.redirects]
    for one, other in links:
        a, b = find(one), find(other)
        if a != b:
            leader[max(a, b)] = min(a, b)
    return {record: find(record) for record in leader}


def _batches(groups: dict[UUID, list[UUID]]) -> Iterator[list[UUID]]:
    batch: list[UUID] = []
    size = 0
    for group, records in groups.items():
        batch.append(group)
        size += len(records)
        if size >= CHUNK:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
