"""Activate rules and roll them back: the version changes, and a run makes the golden records follow."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core.errors import NotFound
from apps.golden.registry import entity
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.mastering.services import activate_ownership, activate_survivorship
from apps.matching.models import MatchRule, MatchRun, PairSnapshot
from apps.matching.selectors import any_rule
from apps.matching.services import activate_match_rule, former_match_rule, take_snapshot
from apps.pipeline.models import Recomputation
from apps.pipeline.recomputing import concerned, request_recomputation
from apps.pipeline.runs import RunActive, request_rematch


@transaction.atomic
def apply_match_rule(*, rule_id: int, now: datetime) -> tuple[MatchRule, MatchRun | None]:
    """Make a version active and have all records of its entity matched by it.

    Returns the rule and the re-match that was queued; None where rules only suggest, or where a re-match is under way
    already: that one begins again with the new version. Raises OwnDraft, Conflict.
    """
    rule = activate_match_rule(rule_id=rule_id, now=now)
    run = None
    if entity(rule.entity).match.strategy == "fuzzy":
        run = _rematch_with(rule, now=now)
        transaction.on_commit(partial(_wake, "pipeline.continue_rematch"))
    return rule, run


def _rematch_with(rule: MatchRule, *, now: datetime) -> MatchRun | None:
    """Queue a re-match; one under way is locked, so that it cannot end before it sees the new version."""
    try:
        with transaction.atomic():
            return request_rematch(entity_name=rule.entity, now=now)
    except RunActive:
        under_way = MatchRun.objects.filter(entity=rule.entity, status__in=MatchRun.ACTIVE)
        if under_way.select_for_update().first() is None:
            return request_rematch(entity_name=rule.entity, now=now)
    return None


@transaction.atomic
def apply_ownership(*, matrix_id: int, now: datetime) -> tuple[OwnershipMatrix, Recomputation | None]:
    """Make a version of the matrix active and have the golden records it concerns computed again.

    Returns the version and the recomputation that was queued; None where nothing would be another. The pipeline works
    on meanwhile: what it takes is judged by the new version already. Raises OwnDraft, Conflict.
    """
    before = OwnershipMatrix.objects.filter(status="active").first()
    matrix = activate_ownership(matrix_id=matrix_id, now=now)
    return matrix, recompute_entities(
        entity_names=concerned(before, matrix), cause=f"{matrix} activated", now=now
    )


@transaction.atomic
def apply_survivorship(*, policy_id: int, now: datetime) -> tuple[SurvivorshipPolicy, Recomputation | None]:
    """Make a version of the survivorship rules active and have the golden records it concerns computed again.

    As `apply_ownership`. Raises OwnDraft, Conflict.
    """
    before = SurvivorshipPolicy.objects.filter(status="active").first()
    policy = activate_survivorship(policy_id=policy_id, now=now)
    return policy, recompute_entities(
        entity_names=concerned(before, policy), cause=f"{policy} activated", now=now
    )


@transaction.atomic
def recompute_entities(*, entity_names: Iterable[str], cause: str, now: datetime) -> Recomputation | None:
    """Queue a recomputation of entities and wake a worker; None where none is named."""
    run = request_recomputation(entity_names=entity_names, cause=cause, now=now)
    if run is not None:
        transaction.on_commit(partial(_wake, "pipeline.recompute"))
    return run


def roll_back_match_rule(*, entity_name: str, now: datetime) -> tuple[MatchRule, MatchRun | None]:
    """Make the version that was active before active again; the re-match brings the former golden records back.

    What people decided since stays. Raises NotFound when there is no earlier version.
    """
    former = former_match_rule(entity_name=entity_name)
    if former is None:
        raise NotFound(f"No earlier match rule of {entity_name} was ever active.")
    return apply_match_rule(rule_id=former.pk, now=now)


def _wake(task: str) -> None:
    """Wake a worker at once; without a broker the scheduled job takes the run up."""
    try:
        current_app.send_task(task, ignore_result=True)
    except (OperationalError, OSError):
        return


def survey_entity(*, entity_name: str, rule_id: int, now: datetime) -> PairSnapshot:
    """Compare all records of an entity as a version of its rule would, for the tuning studio."""
    return take_snapshot(spec=entity(entity_name), rule=any_rule(rule_id), now=now)
