"""Reads on match rules."""

from datetime import datetime
from functools import lru_cache

from django.db.models import Exists, OuterRef

from apps.core.bulk import raw_cursor
from apps.core.errors import HubError
from apps.matching.contracts import ComparedAttribute, RuleSummary
from apps.matching.engine import Config, Model
from apps.matching.models import MatchRule, MatchRun, PreparedRecord, ReviewLimit
from apps.matching.scoring import Rule
from apps.sources.models import Crosswalk


class NoMatchRule(HubError):
    code = "no_match_rule"
    title = "The entity has no active match rule"
    status = 409


@lru_cache(maxsize=16)
def _rule(pk: int, _activated_at: datetime | None) -> Rule:
    return rule_of_row(MatchRule.objects.get(pk=pk))


def rule_of_row(row: MatchRule) -> Rule:
    """Return a stored version ready for use; a draft may be another one the next time."""
    return Rule(row.entity, row.version, Config.from_json(row.config), Model.from_json(row.model))


def active_rule(entity: str) -> Rule:
    """Return the active match rule of an entity; read once per process and version. Raises NoMatchRule."""
    with raw_cursor() as cursor:  # asked for every record that comes: a tenth of what the ORM takes
        cursor.execute(
            "SELECT id, activated_at FROM matching_matchrule WHERE entity = %s AND status = 'active'",
            (entity,),
        )
        row = cursor.fetchone()
    if row is None:
        raise NoMatchRule(
            f"Activate a match rule for {entity}; `manage.py prepare_hub` makes the default ones."
        )
    return _rule(*row)


def rule_of(entity: str, version: int) -> Rule:
    """Return one version of a match rule, whatever its status. Raises NoMatchRule."""
    row = MatchRule.objects.filter(entity=entity, version=version).values_list("pk", "activated_at").first()
    if row is None:
        raise NoMatchRule(f"There is no version {version} of the match rule of {entity}.")
    if row[1] is None:  # a draft may be another one the next time
        return rule_of_row(MatchRule.objects.get(pk=row[0]))
    return _rule(*row)


def needs_first_rematch(*, entity_name: str) -> bool:
    """Tell whether records of an entity are not prepared as its rule compares them, and no re-match sees to it."""
    if MatchRun.objects.filter(entity=entity_name, status__in=MatchRun.ACTIVE).exists():
        return False
    known = Crosswalk.objects.filter(entity=entity_name).order_by()
    prepared = PreparedRecord.objects.filter(source_record=OuterRef("source_record_id"))
    others = PreparedRecord.objects.filter(entity=entity_name).exclude(
        fingerprint=active_rule(entity_name).fingerprint
    )
    return known.filter(~Exists(prepared)).exists() or others.exists()


def review_limit(*, entity_name: str) -> ReviewLimit:
    """Return how many reviews of an entity may be open and how many wait; unsaved where nobody set it."""
    return ReviewLimit.objects.filter(entity=entity_name).first() or ReviewLimit(entity=entity_name)


def rule_summary(row: MatchRule) -> RuleSummary:
    """Return what a version compares, how much it counts and where the thresholds are."""
    config, model = Config.from_json(row.config), Model.from_json(row.model)
    attributes = tuple(
        ComparedAttribute(
            name=each.name,
            sources=each.sources,
            comparator=each.comparator,
            group=each.group,
            weights=tuple(round(float(weight), 1) for weight in model.attributes[each.name].weights[1:]),
        )
        for each in config.compared
        if each.name in model.attributes
    )
    return RuleSummary(
        match_threshold=config.match_threshold,
        review_threshold=config.review_threshold,
        frequency_cap=config.frequency_cap,
        prior=round(model.log_odds, 1),
        trained_pairs=model.trained_pairs,
        trained_records=model.trained_records,
        model_version=model.version,
        attributes=attributes,
        passes=tuple(" + ".join(parts) for parts in config.passes),
    )
