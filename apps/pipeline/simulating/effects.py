"""What golden records, approvals and targets would see: plans are made and routed, and added up instead of applied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.golden.registry import entities, entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.services import referrers_of
from apps.pipeline.simulating.crew import Crew
from apps.pipeline.simulating.jobs import CHUNK, Job, Rules, Setting
from apps.pipeline.simulating.moving import pieces_of
from apps.pipeline.simulating.progress import Progress
from apps.pipeline.simulating.shape import Shape
from apps.pipeline.simulating.tally import Outcome, Tally, Values, merge_wanted
from apps.sources.models import Crosswalk
from apps.sources.selectors import golden_referrers
from apps.stewardship.selectors import active_policy

ROUNDS = 6
"""Times what follows is followed: an invoice follows a project follows an engagement follows a customer."""

Wanted = dict[str, set[UUID]]


@dataclass
class Effects:
    """What became of every golden record that would be another, and of those that rules let live elsewhere."""

    tally: Tally = field(default_factory=Tally)
    losers: tuple[UUID, ...] = ()

    @property
    def outcomes(self) -> Mapping[UUID, Outcome]:
        return self.tally.outcomes

    @property
    def examples(self) -> dict[UUID, Values]:
        return self.tally.examples

    @property
    def held(self) -> int:
        return sum(outcome.held for outcome in self.outcomes.values())


def effects_of_shape(
    spec: EntitySpec, shape: Shape, rules: Rules, *, snapshot: str, now: datetime, progress: Progress
) -> Effects:
    """Plan every golden record whose members would be others, and everything that refers to them."""
    losers = [redirect.loser for redirect in shape.redirects]
    effects = Effects(losers=tuple(losers))
    moved = [move.source_record_id for move in shape.moves]
    wanted: Wanted = {}
    merge_wanted(wanted, golden_referrers(source_record_ids=moved).items())
    merge_wanted(wanted, referrers_of(spec, losers).items())
    own = (shape.touched | wanted.pop(spec.name, set())) - set(losers)
    setting = Setting(rules, active_policy(), now, _homes(shape))
    with Crew(setting, snapshot=snapshot) as crew:
        jobs = list(pieces_of(spec, shape, own))
        _plan(effects, crew, jobs, wanted, _share(progress, f"planning {spec.plural}", 0.6, 0.2, len(own)))
        _follow(effects, crew, wanted, _share(progress, "planning what follows", 0.8, 0.0, 1))
    return effects


def _homes(shape: Shape) -> dict[tuple[str, str, str], UUID]:
    """Return where the keys of records that move would live."""
    homes = {move.source_record_id: move.record_id for move in shape.moves}
    keys = Crosswalk.objects.filter(pk__in=list(homes)).values_list(
        "source_record_id", "system_id", "entity", "key"
    )
    return {(system, name, key): homes[source] for source, system, name, key in keys}


def effects_of_rules(
    names: Sequence[str],
    rules: Rules,
    *,
    snapshot: str,
    now: datetime,
    progress: Progress,
    ids: Mapping[str, Sequence[UUID]],
) -> Effects:
    """Plan all golden records of these entities by other rules, and what follows."""
    effects = Effects()
    total = sum(len(ids[name]) for name in names) or 1
    wanted: Wanted = {}
    begun = 0.05
    with Crew(Setting(rules, active_policy(), now), snapshot=snapshot) as crew:
        for name in names:
            # A copy: a job is packed beside the thread that adds up the answers.
            jobs = list(_jobs(name, ids[name], dict(effects.tally.followed)))
            part = 0.8 * len(ids[name]) / total
            label = f"planning {entity(name).plural}"
            _plan(effects, crew, jobs, wanted, _share(progress, label, begun, part, len(ids[name])))
            begun += part
        for name in names:
            wanted.pop(name, None)
        _follow(effects, crew, wanted, _share(progress, "planning what follows", begun, 0.0, 1))
    return effects


def _jobs(name: str, ids: Sequence[UUID], followed: Mapping[UUID, Document]) -> Iterator[Job]:
    for at in range(0, len(ids), CHUNK):
        yield Job(name, tuple(ids[at : at + CHUNK]), followed=followed)


def _share(progress: Progress, stage: str, begin: float, part: float, total: int) -> Progress:
    """Tell a stage of its own, of which so many of `total` records are done."""

    def tell(_: str, done: float) -> None:
        progress(stage, begin + part * done / max(total, 1))

    return tell


def _plan(effects: Effects, crew: Crew, jobs: Sequence[Job], wanted: Wanted, progress: Progress) -> None:
    done = 0
    progress("", 0)
    for job, tally in crew.map(jobs):
        effects.tally.absorb(tally)
        merge_wanted(wanted, tally.wanted.items())
        done += len(job.ids)
        progress("", done)


def _follow(effects: Effects, crew: Crew, wanted: Wanted, progress: Progress) -> None:
    """Plan what follows, in the order of the registry, until nothing follows any more."""
    marks: dict[UUID, bytes] = {}
    for _ in range(ROUNDS):
        if not any(wanted.values()):
            return
        following: Wanted = {}
        for spec in entities.values():
            for job, tally in crew.map(_again(spec, wanted.get(spec.name, ()), effects, marks)):
                marks |= tally.marks
                effects.tally.absorb(tally)
                merge_wanted(following, tally.wanted.items())
                progress("", len(job.ids))
        wanted = following


def _again(spec: EntitySpec, ids: Iterable[UUID], effects: Effects, marks: Mapping[UUID, bytes]) -> list[Job]:
    ordered = sorted(ids)
    followed = dict(effects.tally.followed)
    return [
        Job(
            spec.name,
            chunk := tuple(ordered[at : at + CHUNK]),
            followed=followed,
            marks={record: marks[record] for record in chunk if record in marks},
        )
        for at in range(0, len(ordered), CHUNK)
    ]
