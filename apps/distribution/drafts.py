"""What a claimed lane has to deliver: mapping, parents, payload, idempotency key."""

from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from apps.connectors.contracts import FailureClass
from apps.connectors.mappings import MappingErrors, OutboundMapping, Payload
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.core.hashing import content_hash
from apps.core.ids import derived_uuid
from apps.distribution.engine.masking import Masker
from apps.distribution.facts import LaneFacts
from apps.distribution.models import Op, Outcome, SubscriptionMode
from apps.distribution.parents import Parents, load_parents
from apps.golden.registry import entities
from apps.quality.selectors import active_codes, to_system

log = structlog.get_logger(__name__)


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


def _key(
    connection: Connection, facts: LaneFacts, mapping: OutboundMapping | None, op: Op, told: bytes = b""
) -> UUID:
    """Return the idempotency key of a version; `told`: the hash of its payload, if it has one.

    A target may not look again at what comes under a key it knows. So a version that goes out as another payload than
    the last time (its mapping has changed, or what its parent is called) goes out under another key, which follows from
    the one before: going back to an earlier payload is news as well. The same payload again has the same key.
    """
    where = mapping.object if mapping else facts.mapping
    parts = [connection.code, where, facts.record_id, facts.seq, op.value]
    if facts.told_key is None or facts.told_seq != facts.seq:
        return derived_uuid(*parts)
    if told in (b"", bytes(facts.told_hash)):
        return facts.told_key
    return derived_uuid(*parts, told.hex(), facts.told_key)


def _draft(
    connection: Connection, facts: LaneFacts, mapping: OutboundMapping | HubError, parents: Parents
) -> Draft:
    op = Op.UPSERT if facts.live else Op.DEACTIVATE
    if isinstance(mapping, HubError):
        draft = Draft(facts, op, _key(connection, facts, None, op), None, None)
        return _decided(draft, Outcome.PARKED, "no_active_mapping", mapping.detail)
    spec = entities.get(facts.entity) if facts.entity in entities else None
    masker = Masker(spec, facts.document, mapping)
    if op is Op.DEACTIVATE:
        return _deactivation(connection, facts, mapping, masker)
    golden = {**facts.document, "id": str(facts.record_id), "mdm_id": str(facts.record_id)}
    rendered = mapping.to_remote(golden, parents.external_ids)
    if isinstance(rendered, MappingErrors):
        draft = Draft(facts, op, _key(connection, facts, mapping, op), mapping, masker)
        return _refused(draft, mapping, masker, rendered, parents)
    told = hash_of(op, rendered)
    key = _key(connection, facts, mapping, op, told)
    return _compared(Draft(facts, op, key, mapping, masker, rendered, told))


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


def _deactivation(
    connection: Connection, facts: LaneFacts, mapping: OutboundMapping, masker: Masker
) -> Draft:
    body = dict(mapping.deactivation or {})
    payload = Payload(mapping.object, str(facts.record_id), body)
    told = hash_of(Op.DEACTIVATE, payload)
    key = _key(connection, facts, mapping, Op.DEACTIVATE, told)
    draft = Draft(facts, Op.DEACTIVATE, key, mapping, masker, payload, told)
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
    draft: Draft, mapping: OutboundMapping, masker: Masker, errors: MappingErrors, parents: Parents
) -> Draft:
    reason = masker.text(str(errors))
    if errors.cls is not FailureClass.MISSING_DEPENDENCY:
        return _decided(draft, Outcome.PARKED, "mapping_error", reason)
    needs = mapping.references(draft.facts.document)
    never = next((need for need in needs if need.golden_id in parents.not_distributed), None)
    if never is not None:
        message = (
            f"{never.attribute}: no subscription carries {never.entity} records to this target; add one."
        )
        return _decided(draft, Outcome.PARKED, "parent_not_distributed", message)
    missing = next((need for need in needs if need.golden_id not in parents.external_ids), None)
    waiting_for = parents.survivor(missing.golden_id) if missing else None
    return _decided(draft, Outcome.WAITING, "missing_parent", reason, waiting_for)
