"""One page of a run over a mapping: live records, what two versions make of them, what is delivered again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from apps.connectors.contracts import CatalogObject
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import catalog_of
from apps.core.bulk import raw_cursor
from apps.distribution.drafts import hash_of
from apps.distribution.engine.masking import Masker
from apps.distribution.models import Op
from apps.distribution.parents import load_parents
from apps.distribution.trying.effects import Effect, effect_on
from apps.golden.registry import entity
from apps.golden.spec import Document
from apps.quality.selectors import active_codes, to_system

PAGE = 500

_RECORDS = """
SELECT g.id, e.payload, l.id, l.parked_at IS NOT NULL AND l.park_code = 'mapping_error',
       l.done_seq = l.last_seq AND l.parked_at IS NULL AND l.lease_until IS NULL AND r.lane_id IS NOT NULL
           AND NOT r.deactivated,
       l.lease_until IS NOT NULL, l.parked_at IS NULL, coalesce(r.last_hash, ''::bytea)
FROM golden_goldenrecord g
CROSS JOIN LATERAL (
    SELECT o.payload FROM outbox_outboxevent o WHERE o.record_id = g.id ORDER BY o.seq DESC LIMIT 1
) e
LEFT JOIN distribution_lane l ON l.record_id = g.id AND l.subscription_id = %(subscription)s
LEFT JOIN distribution_externalref r ON r.lane_id = l.id
WHERE g.entity = %(entity)s AND g.status = 'live' AND g.id > %(after)s ORDER BY g.id LIMIT %(limit)s
"""
_COUNT = "SELECT count(*) FROM golden_goldenrecord WHERE entity = %s AND status = 'live'"


@dataclass(frozen=True, slots=True)
class Tried:
    """A live record with its lane in this target. `settled`: the lane is in step, so that it may be sent again.
    `leased`: a worker has it just now, with a payload of which nobody knows here."""

    record_id: UUID
    lane_id: int | None
    cured: bool
    settled: bool
    leased: bool
    open: bool
    differs: bool
    effect: Effect
    masker: Masker

    @property
    def is_sent_again(self) -> bool:
        """The target would get another payload than it has acknowledged."""
        return self.lane_id is not None and self.open and self.effect.payload is not None and self.differs

    @property
    def in_the_air(self) -> bool:
        return self.lane_id is not None and self.leased and self.effect.payload is not None


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft against the version in force (None: none is), for one target; `subscription` None: nobody takes it."""

    connection: Connection
    subscription: int | None
    draft: OutboundMapping
    active: OutboundMapping | None
    today: date


def live_records(entity_name: str) -> int:
    with raw_cursor() as cursor:
        cursor.execute(_COUNT, (entity_name,))
        (found,) = cursor.fetchone() or (0,)
        return int(found)


def next_page(trial: Trial, after: UUID) -> list[Tried]:
    """Return the next PAGE live records; a constant number of statements."""
    rows = _read(trial, after)
    documents = _in_words(trial, rows)
    parts = [trial.draft] if trial.active is None else [trial.draft, trial.active]
    needs = [need for each in parts for document in documents for need in each.references(document)]
    refs = load_parents(trial.connection, needs).external_ids
    described = _described(trial)
    return [
        _tried(trial, row, document, effect, Masker(entity(trial.draft.entity), document, *parts))
        for row, document, effect in _effects(trial, rows, documents, described, refs)
    ]


def _effects(
    trial: Trial,
    rows: list[tuple[Any, ...]],
    documents: list[Document],
    described: CatalogObject | None,
    refs: Any,
) -> Iterator[tuple[tuple[Any, ...], Document, Effect]]:
    for row, document in zip(rows, documents, strict=True):
        golden = {**document, "id": str(row[0]), "mdm_id": str(row[0])}
        yield (
            row,
            document,
            effect_on(golden, draft=trial.draft, active=trial.active, described=described, refs=refs),
        )


def _tried(trial: Trial, row: tuple[Any, ...], document: Document, effect: Effect, masker: Masker) -> Tried:
    record, _, lane, parked, settled, leased, is_open, last_hash = row
    payload = effect.payload
    differs = payload is not None and hash_of(Op.UPSERT, payload) != bytes(last_hash)
    return Tried(
        record,
        lane,
        bool(parked) and payload is not None,
        bool(settled),
        bool(leased),
        bool(is_open),
        differs,
        effect,
        masker,
    )


def _read(trial: Trial, after: UUID) -> list[tuple[Any, ...]]:
    with raw_cursor() as cursor:
        cursor.execute(
            _RECORDS,
            {
                "subscription": trial.subscription,
                "entity": trial.draft.entity,
                "after": after,
                "limit": PAGE,
            },
        )
        return cursor.fetchall()


def _in_words(trial: Trial, rows: list[tuple[Any, ...]]) -> list[Document]:
    codes, spec = active_codes(trial.today), entity(trial.draft.entity)
    return [to_system(codes, spec, trial.connection.code, row[1])[0] for row in rows]


def _described(trial: Trial) -> CatalogObject | None:
    """Return what the target said of the object when it was last discovered."""
    return catalog_of(trial.connection).object(trial.draft.object)
