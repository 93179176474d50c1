"""What a claimed lane has to deliver: newest event, mapping, parents, payload, idempotency key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from apps.connectors.contracts import FailureClass
from apps.connectors.mappings import MappingErrors, OutboundMapping, Payload
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping
from apps.core.bulk import raw_cursor
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.core.hashing import content_hash
from apps.core.ids import derived_uuid
from apps.distribution.engine.masking import Masker
from apps.distribution.models import Op, Outcome, SubscriptionMode
from apps.distribution.parents import Parents, load_parents
from apps.golden.registry import entities
from apps.quality.selectors import active_codes, to_system

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """A claimed lane with the event it carries and what is known of the target's copy."""

    lane_id: int
    subscription_id: int
    record_id: UUID
    entity: str
    mapping: str
    mode: str
    seq: int
    document: dict[str, Any]
    actor: str
    correlation_id: UUID
    live: bool
    token: int
    attempts: int
    unsure: bool
    failing_since: datetime | None
    pending_since: datetime | None
    known: bool
    """The target has acknowledged a version before."""
    native_id: str
    remote_version: str
    last_hash: bytes
    occurred_at: datetime
    last_seq: int
    """Newest version the target has acknowledged, and the version of the mapping that wrote it."""
    last_mapping: str
    members: tuple[dict[str, Any], ...] = ()
    """Before the first delivery: `key` and `values` of the source records that the target's own system told."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Ready for a call, or decided without one: then `outcome` is set and `code`, `message` say why."""

    facts: LaneFacts
    op: Op
    key: UUID
    mapping: OutboundMapping | None
    masker: Masker | None
    payload: Payload | None = None
    payload_hash: bytes = b""
    outcome: Outcome | None = None
    code: str = ""
    message: str = ""
    waiting_for: UUID | None = None

    @property
    def ready(self) -> Payload:
        """The payload of a draft that needs a call."""
        if self.payload is None:
            raise LookupError(f"lane {self.facts.lane_id} has nothing to send: {self.code}")
        return self.payload

    @property
    def mapping_version(self) -> str:
        return str(self.mapping.version) if self.mapping else ""


_FACTS = """
SELECT l.id, l.subscription_id, l.record_id, s.entity, s.mapping, s.mode, e.seq, e.payload, e.actor, e.correlation_id,
       g.status = 'live', l.token, l.attempts, l.unsure, l.failing_since, l.pending_since, r.lane_id IS NOT NULL,
       coalesce(r.native_id, ''), coalesce(r.remote_version, ''), coalesce(r.last_hash, ''::bytea), e.created_at,
       coalesce(r.last_seq, 0), coalesce(r.mapping_version, ''),
       CASE WHEN r.lane_id IS NULL THEN (
           SELECT jsonb_agg(jsonb_build_object('key', x.key, 'values', t.values) ORDER BY x.key)
           FROM sources_crosswalk x JOIN sources_sourcerecord t ON t.id = x.source_record_id AND NOT t.deleted
           WHERE x.record_id = l.record_id AND x.system_id = c.code AND x.entity = s.entity
             -- Where an entity goes into two objects, an id does not tell of which it is.
             AND 1 = (SELECT count(*) FROM distribution_subscription o
                      WHERE o.connection_id = l.connection_id AND o.entity = s.entity AND o.active)
       ) END
FROM distribution_lane l
JOIN connectors_connection c ON c.id = l.connection_id
JOIN distribution_subscription s ON s.id = l.subscription_id
JOIN golden_goldenrecord g ON g.id = l.record_id
CROSS JOIN LATERAL (
    SELECT seq, payload, actor, correlation_id, created_at FROM outbox_outboxevent o
    WHERE o.record_id = l.record_id AND (s.mode = 'state' OR o.seq > l.done_seq)
    ORDER BY CASE WHEN s.mode = 'state' THEN -o.seq ELSE o.seq END LIMIT 1
) e
LEFT JOIN distribution_externalref r ON r.lane_id = l.id
WHERE l.id = ANY(%s) ORDER BY l.priority, l.next_at, l.id
"""


def load_facts(lanes: Iterable[int]) -> list[LaneFacts]:
    """Return what these lanes carry, in one query; a lane whose event is gone is left out."""
    with raw_cursor() as cursor:
        cursor.execute(_FACTS, (list(lanes),))
        return [LaneFacts(*(*row[:-1], tuple(row[-1] or ()))) for row in cursor]


def write_drafts(connection: Connection, facts: list[LaneFacts]) -> list[Draft]:
    """Return one draft per lane; mapping documents are compiled once, parents looked up in one query."""
    facts = in_words_of(connection, facts)
    mappings: dict[str, OutboundMapping | HubError] = {}
    for name in {fact.mapping for fact in facts}:
        try:
            mappings[name] = active_mapping(name)
        except HubError as error:
            mappings[name] = error
    needs = [
        need
        for fact in facts
        if isinstance(mapping := mappings[fact.mapping], OutboundMapping) and fact.live
        for need in mapping.references(fact.document)
    ]
    parents = load_parents(connection, needs)
    return [_draft_or_park(connection, fact, mappings[fact.mapping], parents) for fact in facts]


def in_words_of(connection: Connection, facts: list[LaneFacts]) -> list[LaneFacts]:
    """Return the facts with canonical codes as the target writes them; a code it has no word for is left out."""
    codes = active_codes(utcnow().date())
    told = []
    for fact in facts:
        if fact.entity in entities:
            document, left_out = to_system(codes, entities.get(fact.entity), connection.code, fact.document)
            fact = replace(fact, document=document)
            if left_out:
                log.info("distribution.code.unmapped", lane=fact.lane_id, places=left_out)
        told.append(fact)
    return told


def _draft_or_park(
    connection: Connection, facts: LaneFacts, mapping: OutboundMapping | HubError, parents: Parents
) -> Draft:
    """One record that trips a mapping must not stop the others that were claimed with it."""
    try:
        return _draft(connection, facts, mapping, parents)
    except Exception as error:
        log.exception("distribution.draft.failed", lane=facts.lane_id, mapping=facts.mapping)
        compiled = mapping if isinstance(mapping, OutboundMapping) else None
        draft = Draft(facts, Op.UPSERT, _key(connection, facts, compiled, Op.UPSERT), compiled, None)
        return _decided(
            draft, Outcome.PARKED, "mapping_failed", f"{type(error).__name__} in {facts.mapping}."
        )


def _key(connection: Connection, facts: LaneFacts, mapping: OutboundMapping | None, op: Op) -> UUID:
    where = mapping.object if mapping else facts.mapping
    parts = [connection.code, where, facts.record_id, facts.seq, op.value]
    # What the target has acknowledged under one key it may not look at again: another mapping's payload is news.
    if mapping and facts.last_seq == facts.seq and facts.last_mapping not in ("", str(mapping.version)):
        parts.append(f"mapping {mapping.version}")
    return derived_uuid(*parts)


def _draft(
    connection: Connection, facts: LaneFacts, mapping: OutboundMapping | HubError, parents: Parents
) -> Draft:
    op = Op.UPSERT if facts.live else Op.DEACTIVATE
    key = _key(connection, facts, mapping if isinstance(mapping, OutboundMapping) else None, op)
    if isinstance(mapping, HubError):
        reason = mapping.detail
        return Draft(
            facts, op, key, None, None, outcome=Outcome.PARKED, code="no_active_mapping", message=reason
        )
    spec = entities.get(facts.entity) if facts.entity in entities else None
    masker = Masker(spec, facts.document, mapping)
    if op is Op.DEACTIVATE:
        return _deactivation(facts, key, mapping, masker)
    golden = {**facts.document, "id": str(facts.record_id), "mdm_id": str(facts.record_id)}
    rendered = mapping.to_remote(golden, parents.external_ids)
    if isinstance(rendered, MappingErrors):
        return _refused(facts, key, mapping, masker, rendered, parents)
    return _compared(Draft(facts, op, key, mapping, masker, rendered, hash_of(op, rendered)))


def hash_of(op: Op, payload: Payload) -> bytes:
    """Return what stands for a payload: equal ones need not be sent twice."""
    return content_hash([op.value, payload.object, payload.ext_id, payload.body])


def _compared(draft: Draft) -> Draft:
    """Decide without a call when the target has acknowledged exactly this already."""
    facts = draft.facts
    same = facts.known and not facts.unsure and bytes(facts.last_hash) == draft.payload_hash
    if not same or facts.mode == SubscriptionMode.EVENT:
        return draft
    return _decided(draft, Outcome.UNCHANGED, "unchanged", "The target holds these values already.")


def _decided(
    draft: Draft, outcome: Outcome, code: str, message: str, waiting_for: UUID | None = None
) -> Draft:
    return replace(draft, outcome=outcome, code=code, message=message, waiting_for=waiting_for)


def _deactivation(facts: LaneFacts, key: UUID, mapping: OutboundMapping, masker: Masker) -> Draft:
    body = dict(mapping.deactivation or {})
    payload = Payload(mapping.object, str(facts.record_id), body)
    draft = Draft(facts, Op.DEACTIVATE, key, mapping, masker, payload, hash_of(Op.DEACTIVATE, payload))
    if not facts.known and not facts.unsure:
        return _decided(draft, Outcome.SKIPPED, "never_delivered", "The target never had this record.")
    if not body:
        return _decided(
            draft,
            Outcome.SKIPPED,
            "no_deactivation",
            f"Mapping {mapping.name} does not say how to switch a record off; add `deactivate`.",
        )
    return _compared(draft)


def _refused(
    facts: LaneFacts,
    key: UUID,
    mapping: OutboundMapping,
    masker: Masker,
    errors: MappingErrors,
    parents: Parents,
) -> Draft:
    draft = Draft(facts, Op.UPSERT, key, mapping, masker)
    reason = masker.text(str(errors))
    if errors.cls is not FailureClass.MISSING_DEPENDENCY:
        return _decided(draft, Outcome.PARKED, "mapping_error", reason)
    needs = mapping.references(facts.document)
    never = next((need for need in needs if need.golden_id in parents.not_distributed), None)
    if never is not None:
        message = (
            f"{never.attribute}: no subscription carries {never.entity} records to this target; add one."
        )
        return _decided(draft, Outcome.PARKED, "parent_not_distributed", message)
    missing = next((need for need in needs if need.golden_id not in parents.external_ids), None)
    waiting_for = parents.survivor(missing.golden_id) if missing else None
    return _decided(draft, Outcome.WAITING, "missing_parent", reason, waiting_for)
