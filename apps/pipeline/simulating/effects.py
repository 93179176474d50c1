"""What golden records, approvals and targets would see: plans are made and routed, and added up instead of applied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.golden.registry import entities, entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Assumed, Change, Plan
from apps.mastering.engine.ownership import Ownership
from apps.mastering.engine.trust import Survivorship
from apps.mastering.services import followers_of, plan_records, referrers_of
from apps.pipeline.simulating.progress import Progress
from apps.pipeline.simulating.shape import Shape
from apps.sources.models import Crosswalk
from apps.sources.selectors import golden_referrers
from apps.stewardship.contracts import Policy
from apps.stewardship.selectors import active_policy, preview_route

CHUNK = 5_000
"""Golden records planned at a time."""
ROUNDS = 6
"""Times what follows is followed: an invoice follows a project follows an engagement follows a customer."""


@dataclass(frozen=True)
class Rules:
    """Rules that are tried in place of the active ones."""

    ownership: Ownership | None = None
    survivorship: Survivorship | None = None


@dataclass
class Effects:
    """The last change planned of every golden record that would be another, and what waits for approvers."""

    changes: dict[UUID, Change] = field(default_factory=dict)
    held: dict[UUID, int] = field(default_factory=dict)
    losers: tuple[UUID, ...] = ()
    reshaped: frozenset[UUID] = frozenset()

    def add(self, plan: Plan, policy: Policy) -> list[Change]:
        """Add a plan as it would be routed; return the changes that would be applied."""
        routed = preview_route(plan, policy)
        for change in plan.changes:
            self.held.pop(change.record_id, None)
            self.changes.pop(change.record_id, None)
        for part in routed.held:
            self.held[part.record_id] = self.held.get(part.record_id, 0) + 1
        applied = [change for change in routed.plan.changes if change.kind != "unchanged"]
        self.changes |= {change.record_id: change for change in applied}
        return applied

    @property
    def documents(self) -> dict[UUID, Document]:
        return {record: change.after for record, change in self.changes.items()}

    def news(self) -> dict[str, set[UUID]]:
        """Return, by entity, the golden records of which targets would hear."""
        found: dict[str, set[UUID]] = {}
        for change in self.changes.values():
            if change.is_news:
                found.setdefault(change.entity, set()).add(change.record_id)
        return found


def effects_of_shape(
    spec: EntitySpec, shape: Shape, rules: Rules, *, now: datetime, progress: Progress
) -> Effects:
    """Plan every golden record whose members would be others, and everything that refers to them."""
    losers = [redirect.loser for redirect in shape.redirects]
    effects = Effects(losers=tuple(losers), reshaped=frozenset(shape.touched))
    policy = active_policy()
    moved = [move.source_record_id for move in shape.moves]
    homes = {move.source_record_id: move.record_id for move in shape.moves}
    keys = Crosswalk.objects.filter(pk__in=moved).values_list(
        "source_record_id", "system_id", "entity", "key"
    )
    assumed = {(system, name, key): homes[source] for source, system, name, key in keys}
    wanted = _referring(spec, moved, losers)
    own = (shape.touched | wanted.pop(spec.name, set())) - set(losers)
    progress("planning golden records", 0.6)
    plan = plan_records(
        spec=spec,
        record_ids=own,
        moves=shape.moves,
        redirects=shape.redirects,
        remembered=shape.remembered,
        ownership=rules.ownership,
        survivorship=rules.survivorship,
        assumed=Assumed(assumed),
        now=now,
        lock=False,
    )
    applied = effects.add(plan, policy)
    _merge_wanted(wanted, followers_of(spec, applied))
    progress("planning what refers to them", 0.75)
    _follow(effects, wanted, assumed, rules, policy, now=now)
    return effects


def _referring(spec: EntitySpec, moved: Sequence[UUID], losers: Sequence[UUID]) -> dict[str, set[UUID]]:
    wanted: dict[str, set[UUID]] = {}
    _merge_wanted(wanted, golden_referrers(source_record_ids=moved))
    _merge_wanted(wanted, referrers_of(spec, losers))
    return wanted


def _merge_wanted(wanted: dict[str, set[UUID]], more: Mapping[str, Iterable[UUID]]) -> None:
    for name, ids in more.items():
        wanted.setdefault(name, set()).update(ids)


def _follow(
    effects: Effects,
    wanted: dict[str, set[UUID]],
    homes: Mapping[tuple[str, str, str], UUID],
    rules: Rules,
    policy: Policy,
    *,
    now: datetime,
) -> None:
    """Plan what follows, in the order of the registry, until nothing follows any more."""
    done: dict[UUID, Document] = {}
    for _ in range(ROUNDS):
        if not any(wanted.values()):
            return
        following: dict[str, set[UUID]] = {}
        for spec in entities.values():
            ids = sorted(wanted.get(spec.name, ()))
            for at in range(0, len(ids), CHUNK):
                plan = plan_records(
                    spec=spec,
                    record_ids=ids[at : at + CHUNK],
                    ownership=rules.ownership,
                    survivorship=rules.survivorship,
                    assumed=Assumed(homes, effects.documents),
                    now=now,
                    lock=False,
                )
                fresh = [change for change in plan.changes if done.get(change.record_id) != change.after]
                done |= {change.record_id: change.after for change in plan.changes}
                applied = effects.add(Plan(plan.entity, tuple(fresh)), policy)
                _merge_wanted(following, followers_of(spec, applied))
        wanted = following


def effects_of_rules(
    names: Sequence[str],
    rules: Rules,
    *,
    now: datetime,
    progress: Progress,
    ids: Mapping[str, Sequence[UUID]],
) -> Effects:
    """Plan all golden records of these entities by other rules, and what follows."""
    effects, policy = Effects(), active_policy()
    total, done = sum(len(ids[name]) for name in names) or 1, 0
    wanted: dict[str, set[UUID]] = {}
    for name in names:
        spec = entity(name)
        for at in range(0, len(ids[name]), CHUNK):
            some = ids[name][at : at + CHUNK]
            plan = plan_records(
                spec=spec,
                record_ids=some,
                ownership=rules.ownership,
                survivorship=rules.survivorship,
                assumed=Assumed({}, effects.documents),
                now=now,
                lock=False,
            )
            applied = effects.add(plan, policy)
            for follower, found in followers_of(spec, applied).items():
                if follower not in names:
                    wanted.setdefault(follower, set()).update(found)
            done += len(some)
            progress(f"planning {spec.plural}", 0.05 + 0.8 * done / total)
    _follow(effects, wanted, {}, rules, policy, now=now)
    return effects
