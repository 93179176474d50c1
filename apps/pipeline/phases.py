"""What one chunk of each phase of a re-match does; all of it in the transaction that moves the cursor on."""

from collections.abc import Callable
from dataclasses import replace

from django.db import transaction

from apps.audit.context import because
from apps.core.clock import utcnow
from apps.golden.spec import EntitySpec
from apps.mastering.services import apply_plan, take_turn
from apps.matching.contracts import ChunkDone
from apps.matching.models import MatchRun
from apps.matching.rule import Rule
from apps.matching.services import close_answered_pairs, fill_review_queue
from apps.matching.services.rematching import (
    absorb_chunk,
    cluster_chunk,
    count_units,
    decide_again,
    due_seeds,
    forget_work,
    pair_chunk,
    prepare_chunk,
    score_chunk,
    slices_of,
)
from apps.pipeline.reviving import revive
from apps.pipeline.run import master, merge
from apps.stewardship.services import check_written, route_plan

Phase = MatchRun.Phase
Step = Callable[[MatchRun, EntitySpec, Rule], ChunkDone]
ORDER = {
    MatchRun.Mode.FULL: (Phase.PREPARE, Phase.PAIRS, Phase.SCORE, Phase.CLUSTER, Phase.APPLY, Phase.REVIEW),
    MatchRun.Mode.CHANGED: (Phase.PREPARE, Phase.APPLY, Phase.REVIEW),
}


def prepare(run: MatchRun, spec: EntitySpec, rule: Rule) -> ChunkDone:
    if run.mode == MatchRun.Mode.CHANGED:
        return absorb_chunk(spec=spec, rule=rule, after=run.cursor, since=run.since, now=utcnow())
    return prepare_chunk(spec=spec, rule=rule, after=run.cursor)


def pairs(run: MatchRun, spec: EntitySpec, rule: Rule) -> ChunkDone:
    return pair_chunk(spec=spec, rule=rule, number=run.cursor or 0, slices=run.total)


def score(run: MatchRun, spec: EntitySpec, rule: Rule) -> ChunkDone:
    return score_chunk(spec=spec, rule=rule, after=run.cursor, since=run.started_at)


def cluster(run: MatchRun, spec: EntitySpec, rule: Rule) -> ChunkDone:
    return cluster_chunk(spec=spec, rule=rule, after=run.cursor)


def apply(run: MatchRun, spec: EntitySpec, rule: Rule, *, limit: int | None = None) -> ChunkDone:
    """Decide some neighbourhoods again and make it so: a short transaction, like a small batch of the pipeline."""
    seeds = due_seeds(spec=spec, after=run.cursor, **({"limit": limit} if limit else {}))
    if not seeds:
        return ChunkDone(None, 0)
    with because(f"re-match {run.entity}"):
        take_turn()
        now = utcnow()
        matched = decide_again(spec=spec, rule=rule, seeds=seeds)
        revival = revive(matched.joined)
        revival.restore(now=now)
        rejoined = replace(matched, joined=revival.joined)
        plan = master(spec, (), rejoined, now=now, remembered=revival.remembered)
        routed = route_plan(plan=plan, now=now)
        apply_plan(plan=routed, now=now)
        check_written(plan=routed, now=now)
        revival.close(now=now)
        merged = merge(matched, now=now)
    news = sum(change.is_news for change in routed.changes)
    counts = {
        "merges": merged.merged,
        "vetoed": merged.vetoed,
        "splits": matched.splits,
        "changed": news + merged.sets + merged.merged,
    }
    return ChunkDone(str(seeds[-1]), len(seeds), counts)


def review(run: MatchRun, spec: EntitySpec, rule: Rule) -> ChunkDone:
    now = utcnow()
    closed = close_answered_pairs(spec=spec, now=now) if run.cursor is None else 0
    filled = fill_review_queue(spec=spec, rule=rule, now=now)
    more = bool(filled.left) and not filled.full and bool(filled.opened)
    counts = {"closed": closed, "reviews": filled.opened, "left_out": filled.left - run.left_out}
    return ChunkDone(True if more else None, filled.opened, counts)


STEPS: dict[str, Step] = {
    Phase.PREPARE: prepare,
    Phase.PAIRS: pairs,
    Phase.SCORE: score,
    Phase.CLUSTER: cluster,
    Phase.APPLY: apply,
    Phase.REVIEW: review,
}


def units_of(run: MatchRun, phase: str, spec: EntitySpec, rule: Rule) -> int:
    """Return how many units a phase has, as it begins."""
    if phase == Phase.PREPARE and run.mode == MatchRun.Mode.CHANGED:
        return count_units(spec=spec, what="outdated", since=run.since, rule=rule)
    if phase == Phase.PAIRS:
        return slices_of(spec=spec)
    what = {Phase.SCORE: "pairs", Phase.APPLY: "seeds"}.get(Phase(phase), "records")
    return 0 if phase == Phase.REVIEW else count_units(spec=spec, what=what)


def following(run: MatchRun) -> str | None:
    """Return the phase after the present one, None at the end."""
    order = ORDER[MatchRun.Mode(run.mode)]
    at = order.index(Phase(run.phase)) + 1
    return order[at] if at < len(order) else None


@transaction.atomic
def clean_up(spec: EntitySpec) -> None:
    forget_work(spec=spec)
