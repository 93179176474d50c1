"""Activate a match rule and roll it back: the version changes, and a re-match makes the golden records follow."""

from datetime import datetime

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core.errors import NotFound
from apps.golden.registry import entity
from apps.matching.models import MatchRule, MatchRun, PairSnapshot
from apps.matching.selectors import any_rule
from apps.matching.services import activate_match_rule, former_match_rule, take_snapshot
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
        transaction.on_commit(_wake)
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


def roll_back_match_rule(*, entity_name: str, now: datetime) -> tuple[MatchRule, MatchRun | None]:
    """Make the version that was active before active again; the re-match brings the former golden records back.

    What people decided since stays. Raises NotFound when there is no earlier version.
    """
    former = former_match_rule(entity_name=entity_name)
    if former is None:
        raise NotFound(f"No earlier match rule of {entity_name} was ever active.")
    return apply_match_rule(rule_id=former.pk, now=now)


def _wake() -> None:
    """Wake a worker at once; without a broker the scheduled job takes the run up."""
    try:
        current_app.send_task("pipeline.continue_rematch", ignore_result=True)
    except (OperationalError, OSError):
        return


def survey_entity(*, entity_name: str, rule_id: int, now: datetime) -> PairSnapshot:
    """Compare all records of an entity as a version of its rule would, for the tuning studio."""
    return take_snapshot(spec=entity(entity_name), rule=any_rule(rule_id), now=now)
