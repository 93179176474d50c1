"""Reads on the rules in force."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.core.bulk import raw_cursor
from apps.mastering.engine.ownership import ANY, Cell, OwnedGroup, Ownership, Verdict
from apps.mastering.engine.trust import Ranking, Survivorship, Trust
from apps.mastering.models import Merge, OwnershipMatrix, OwnershipRule, SurvivorshipPolicy, SurvivorshipRule


def active_ownership() -> Ownership:
    """Return the active matrix; an active version never changes, so it is read once per process, version and day."""
    row = _active("SELECT id, version, decided_on FROM mastering_ownershipmatrix WHERE status = 'active'")
    return _matrix(*row) if row else Ownership(0, ())


def active_survivorship() -> Survivorship:
    """Return the active survivorship rules; read once per process, version and moment."""
    row = _active("SELECT id, version, decided_at FROM mastering_survivorshippolicy WHERE status = 'active'")
    return _policy(*row) if row else Survivorship()


def _active(statement: str) -> tuple[Any, ...] | None:
    with raw_cursor() as cursor:  # asked for every record that comes: a tenth of what the ORM takes
        return cursor.execute(statement).fetchone()


@lru_cache(maxsize=8)
def _matrix(matrix_id: int, version: int, on: date | None) -> Ownership:
    return Ownership(version, cells_of(OwnershipRule.objects.filter(matrix_id=matrix_id)), on=on or date.max)


@lru_cache(maxsize=8)
def _policy(policy_id: int, version: int, moment: datetime | None) -> Survivorship:
    rows = SurvivorshipRule.objects.filter(policy_id=policy_id)
    rules = {(row.entity, row.group): ranking_of(row) for row in rows}
    return Survivorship(version, moment.timestamp() if moment else 0.0, rules)


def ownership_of(matrix_id: int, *, on: date | None = None) -> Ownership:
    """Return any version of the matrix, a draft too, as it judges on a day (by default that of the active one)."""
    matrix = OwnershipMatrix.objects.get(pk=matrix_id)
    return Ownership(matrix.version, cells_of(matrix.rules.all()), on=on or active_ownership().on)


def survivorship_of(policy_id: int, *, moment: datetime | None = None) -> Survivorship:
    """Return any version of the survivorship rules, a draft too; ages against a moment, by default the active one's."""
    policy = SurvivorshipPolicy.objects.get(pk=policy_id)
    rules = {(row.entity, row.group): ranking_of(row) for row in policy.rules.all()}
    seconds = moment.timestamp() if moment else active_survivorship().moment
    return Survivorship(policy.version, seconds, rules)


def cells_of(rows: Iterable[OwnershipRule]) -> list[Cell]:
    """Return stored rules as the engine reads them."""
    return [
        Cell(
            entity=row.entity,
            group=row.group,
            state=row.state,
            legal_entity=row.legal_entity,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            owned=OwnedGroup(
                owners=tuple(row.owners),
                others=Verdict(row.others),
                verdicts={writer: Verdict(verdict) for writer, verdict in row.verdicts.items()},
                rule=rule_name(row.group, row.state, row.legal_entity, row.valid_from, row.valid_to),
            ),
        )
        for row in rows
    ]


def rule_name(
    group: str, state: str, legal_entity: str, valid_from: date | None, valid_to: date | None
) -> str:
    """Return how people call a rule of the matrix: "name [active, DE01, from 2026-01-01]"."""
    parts = [part for part in (state, legal_entity) if part != ANY]
    if valid_from:
        parts.append(f"from {valid_from.isoformat()}")
    if valid_to:
        parts.append(f"to {valid_to.isoformat()}")
    return f"{group} [{', '.join(parts)}]" if parts else group


def ranking_of(row: SurvivorshipRule) -> Ranking:
    """Return a stored survivorship rule as the engine reads it."""
    trust = {name: Trust(float(points), half_life) for name, (points, half_life) in row.trust.items()}
    return Ranking(tuple(row.strategies), row.whole, trust)


def absorbed_by(loser: UUID) -> set[UUID]:
    """Return the records that were merged into this one, directly or over others, and not taken out again."""
    below: set[UUID] = set()
    found = {loser}
    while found:
        merges = Merge.objects.filter(survivor__in=found, unmerged_at__isnull=True)
        found = set(merges.values_list("loser_id", flat=True)) - below
        below |= found
    return below


def redirects_of(record_id: UUID, *, at: datetime | None = None) -> list[Merge]:
    """Return the merges that lead from a record to its survivor, in order; empty for one that was not merged.

    `at`: as it was at a time, with merges that were undone since.
    """
    standing = Q(unmerged_at__isnull=True)
    if at is not None:
        standing = Q(merged_at__lte=at) & (standing | Q(unmerged_at__gt=at))
    chain: list[Merge] = []
    seen = {record_id}
    while (
        merge := Merge.objects.filter(standing, loser_id=record_id).order_by("-merged_at").first()
    ) and merge.survivor_id not in seen:
        chain.append(merge)
        record_id = merge.survivor_id
        seen.add(record_id)
    return chain
