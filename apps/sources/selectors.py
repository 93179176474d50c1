"""Reads on source data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.sources.contracts import Told
from apps.sources.models import SourceRecord
from apps.sources.versions import recency_of


@dataclass(frozen=True, slots=True)
class Member:
    """A source record that belongs to a golden record, as survivorship sees it."""

    id: UUID
    record_id: UUID | None
    system: str
    role: str
    key: str
    recency: float  # seconds since the epoch by the system's own account, 0 where it gives none
    deleted: bool


def members_of(record_ids: Iterable[UUID], *, joining: Iterable[UUID] = ()) -> list[Member]:
    """Return the source records of these golden records, and those that are about to join one.

    `record_id` is what the crosswalk says now: None for a record that belongs nowhere yet.
    """
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, c.record_id, s.system_id, y.role, s.key, s.deleted, s.source_version
            FROM sources_sourcerecord s LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id
            JOIN sources_sourcesystem y ON y.code = s.system_id
            WHERE s.id IN (
                SELECT source_record_id FROM sources_crosswalk WHERE record_id = ANY(%s)
                UNION ALL SELECT unnest(%s::uuid[]))
            ORDER BY s.system_id, s.key
            """,
            (list(record_ids), list(joining)),
        )
        return [
            Member(record, home, system, role, key, recency_of(version), deleted)
            for record, home, system, role, key, deleted, version in cursor
        ]


def changed_since(*, system: str, entity: str, key: str, moment: datetime) -> bool:
    """Tell whether a source record has come to say something else after a moment."""
    return SourceRecord.objects.filter(system=system, entity=entity, key=key, changed_at__gt=moment).exists()


def recency_before(*, source_record_ids: Sequence[UUID]) -> dict[UUID, float]:
    """Return how recent each source record was before it came to say what it says; new ones are left out."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (h.id) h.id, h.source_version
            FROM sources_historicalsourcerecord h JOIN sources_sourcerecord s ON s.id = h.id
            WHERE h.id = ANY(%s) AND h.content_hash IS DISTINCT FROM s.content_hash
            ORDER BY h.id, h.history_date DESC, h.history_id DESC
            """,
            (list(source_record_ids),),
        )
        return {record: recency_of(version) for record, version in cursor}


def homes_of(*, source_record_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the golden record of each source record that has one, as it is now."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT source_record_id, record_id FROM sources_crosswalk WHERE source_record_id = ANY(%s)",
            (list(source_record_ids),),
        )
        return dict(cursor.fetchall())


def resolve_keys(targets: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], UUID]:
    """Return the golden id behind each (system, entity, key) that the crosswalk knows."""
    if not targets:
        return {}
    systems, entities, keys = map(list, zip(*sorted(set(targets)), strict=True))
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT c.system_id, c.entity, c.key, c.record_id
            FROM unnest(%s::text[], %s::text[], %s::text[]) AS t(system, entity, key)
            JOIN sources_crosswalk c ON c.system_id = t.system AND c.entity = t.entity AND c.key = t.key
            """,
            (systems, entities, keys),
        )
        return {(system, entity, key): record for system, entity, key, record in cursor}


@dataclass(frozen=True, slots=True)
class WaitingReference:
    """A reference to something that is not here yet."""

    source_record_id: UUID
    system: str
    entity: str
    key: str
    path: str
    target_system: str
    target_entity: str
    target_key: str


def waiting_references(*, limit: int = 100) -> list[WaitingReference]:
    """Return references that no crosswalk answers, the oldest first."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, s.system_id, s.entity, s.key, r.path, r.target_system, r.target_entity, r.target_key
            FROM sources_reference r JOIN sources_sourcerecord s ON s.id = r.source_record_id
            WHERE NOT EXISTS (
                SELECT 1 FROM sources_crosswalk c WHERE c.system_id = r.target_system
                AND c.entity = r.target_entity AND c.key = r.target_key)
            ORDER BY r.id LIMIT %s
            """,
            (limit,),
        )
        return [WaitingReference(*row) for row in cursor]


def pending_counts() -> dict[str, int]:
    """Return how many source records of each entity wait for their golden record."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT entity, count(*) FROM sources_sourcerecord WHERE pending_since IS NOT NULL GROUP BY entity"
        )
        return dict(cursor.fetchall())


def pending_entities(*, names: Sequence[str]) -> set[str]:
    """Return which of these entities have source records that wait for their golden record."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT e.name FROM unnest(%s::text[]) AS e(name) CROSS JOIN LATERAL (
                SELECT 1 FROM sources_sourcerecord WHERE entity = e.name AND pending_since IS NOT NULL
                ORDER BY pending_since LIMIT 1
            ) s
            """,
            (list(names),),
        )
        return {name for (name,) in cursor}


def golden_referrers(*, source_record_ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return, by entity, the golden records one of whose members names one of these source records."""
    with raw_cursor() as cursor:
        # From the given ids on, by the whole key: the planner must not choose another way, which it does on tables
        # that grew since their statistics were taken.
        cursor.execute(
            """
            WITH named AS MATERIALIZED (
                SELECT system_id, entity, key FROM sources_sourcerecord WHERE id = ANY(%s)
            )
            SELECT DISTINCT c.entity, c.record_id
            FROM named t CROSS JOIN LATERAL (
                SELECT source_record_id FROM sources_reference WHERE target_system = t.system_id
                AND target_entity = t.entity AND target_key = t.key OFFSET 0
            ) r JOIN sources_crosswalk c ON c.source_record_id = r.source_record_id
            ORDER BY 1, 2
            """,
            (list(source_record_ids),),
        )
        found: dict[str, list[UUID]] = {}
        for entity, record in cursor:
            found.setdefault(entity, []).append(record)
    return found


def told_by(*, load_ids: Iterable[UUID | None]) -> Told | None:
    """Return who brought these loads when it was one and the same load, else None."""
    loads = set(load_ids)
    load = loads.pop() if len(loads) == 1 else None
    if load is None:
        return None
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT actor, actor_id, correlation_id, origin FROM sources_load WHERE id = %s", (load,)
        )
        row = cursor.fetchone()
    return Told(*row) if row else None
