"""The ledger of a golden record: per target and field what is desired, acknowledged and observed there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q

from apps.connectors.mappings import ABSENT, OutboundMapping
from apps.connectors.selectors import active_mapping
from apps.core.errors import HubError
from apps.distribution.contracts import RecordDelivery
from apps.distribution.drafts import Draft, write_drafts
from apps.distribution.engine.comparing import holds
from apps.distribution.engine.masking import MASK, Masker
from apps.distribution.facts import load_facts
from apps.distribution.models import ExternalRef, Observation, Op, Subscription
from apps.distribution.selectors import delivery_state
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities

Differs = Literal["", "pending", "drifted", "hidden"]
NO_LANE = "Nothing was ever sent on its way to this target; the next reconciliation does so."


@dataclass(frozen=True, slots=True)
class LedgerField:
    """One field of the target, by its own name. `differs`: pending, the target has not acknowledged what is desired;
    drifted, it was seen to hold something else than is desired; hidden, for whoever may not see the values."""

    field: str
    attribute: str
    desired: Any
    acknowledged: Any
    observed: Any
    differs: Differs
    masked: bool


@dataclass(frozen=True, slots=True)
class TargetLedger:
    """What one target should hold of a record, has acknowledged, and was last seen to hold.

    `state` is that of the lane, `no_lane` where none was made. `observed`: "" never looked, "there", "absent" when it
    was not found, "outdated" when something was delivered since. `deactivating`: only what switches it off is desired.
    """

    connection: str
    label: str
    mapping: str
    mapping_version: str
    mode: str
    object: str
    state: str
    note: str
    external_id: str
    native_id: str
    last_seq: int
    done_seq: int
    acknowledged_at: datetime | None
    observed: str
    observed_at: datetime | None
    deactivating: bool
    fields: tuple[LedgerField, ...]

    @property
    def differing(self) -> int:
        return sum(each.differs in ("pending", "drifted") for each in self.fields)


def record_ledger(*, record_id: UUID, clear: bool, now: datetime) -> list[TargetLedger]:
    """Return the ledger of a golden record over all targets that take, or took, its entity.

    Without `clear`, personal values are masked, and so is whether they differ. A fixed number of statements a target.
    """
    record = GoldenRecord.objects.filter(pk=record_id).first()
    if record is None:
        return []
    lanes = {each.lane_id: each for each in delivery_state(record_id=record_id, now=now)}
    taken = Q(active=True, entity=record.entity) | Q(lanes__in=list(lanes))
    rows = Subscription.objects.filter(taken).select_related("connection").distinct()
    by_pair = {(each.connection, each.mapping): each for each in lanes.values()}
    told: list[TargetLedger] = []
    drafts: dict[int, Draft] = {}
    refs = ExternalRef.objects.in_bulk(list(lanes))
    seen = Observation.objects.in_bulk(list(lanes))
    for connection in {row.connection_id: row.connection for row in rows}.values():
        mine = [lane for lane, each in lanes.items() if each.connection == connection.code]
        drafts |= {draft.facts.lane_id: draft for draft in write_drafts(connection, load_facts(mine))}
    for row in sorted(rows, key=lambda row: (row.connection.code, row.priority, row.pk)):
        mapping = _mapping_of(row)
        lane = by_pair.get((row.connection.code, row.mapping))
        if lane is not None:
            part = _Part(row, mapping, lane, drafts.get(lane.lane_id), refs.get(lane.lane_id), clear)
            told.append(_of_lane(part, seen.get(lane.lane_id)))
        elif mapping and mapping.direction != "pull" and record.status == RecordStatus.LIVE:
            told.append(_without_lane(row, mapping))
    return told


@dataclass(frozen=True, slots=True)
class _Part:
    subscription: Subscription
    mapping: OutboundMapping | None
    lane: RecordDelivery
    draft: Draft | None
    ref: ExternalRef | None
    clear: bool


def _mapping_of(row: Subscription) -> OutboundMapping | None:
    try:
        return active_mapping(row.mapping)
    except HubError:
        return None


def _without_lane(row: Subscription, mapping: OutboundMapping) -> TargetLedger:
    return TargetLedger(
        connection=row.connection.code, label=str(row.connection), mapping=row.mapping,
        mapping_version=str(mapping.version), mode=row.mode, object=mapping.object, state="no_lane", note=NO_LANE,
        external_id="", native_id="", last_seq=0, done_seq=0, acknowledged_at=None, observed="", observed_at=None,
        deactivating=False, fields=(),
    )  # fmt: skip


def _of_lane(part: _Part, seen: Observation | None) -> TargetLedger:
    lane, ref, draft = part.lane, part.ref, part.draft
    off = draft is not None and draft.op is Op.DEACTIVATE
    observed = _standing(seen, ref)
    return TargetLedger(
        connection=lane.connection, label=lane.label, mapping=lane.mapping,
        mapping_version=str(part.mapping.version) if part.mapping else "", mode=part.subscription.mode,
        object=lane.object or (part.mapping.object if part.mapping else ""), state=lane.state,
        note=lane.note or (draft.message if draft and draft.payload is None else ""),
        external_id=lane.external_id, native_id=lane.native_id, last_seq=lane.last_seq, done_seq=lane.done_seq,
        acknowledged_at=ref.last_seen if ref else None, observed=observed,
        observed_at=seen.seen_at if seen else None, deactivating=off,
        fields=tuple(_fields(part, seen, observed)) if part.mapping else (),
    )  # fmt: skip


def _standing(seen: Observation | None, ref: ExternalRef | None) -> str:
    if seen is None:
        return ""
    if ref is not None and seen.seen_at < ref.last_seen:
        return "outdated"
    return "there" if seen.values else "absent"


def _fields(part: _Part, seen: Observation | None, observed: str) -> list[LedgerField]:
    mapping, draft = part.mapping, part.draft
    if mapping is None:
        return []
    acknowledged = dict(part.ref.last_fields) if part.ref else {}
    # Without a payload nothing newer is to be sent, or it cannot be told what: then the note says why.
    desired = dict(draft.payload.body) if draft and draft.payload else acknowledged
    held = dict(seen.values) if seen else {}
    masker = _masker(part)
    places = [(one.remote, one.hub.text if one.hub else "") for one in mapping.fields if one.pushes]
    places += [(one.remote, one.collection) for one in mapping.lists]
    if draft is not None and draft.op is Op.DEACTIVATE:
        return _deactivated((desired, acknowledged, held), masker, observed)
    shown = tuple(masker.payload(each) if masker else each for each in (desired, acknowledged, held))
    rows = []
    for path, attribute in places:
        row = _row(
            path.text, attribute, tuple(path.get(each) for each in (desired, acknowledged, held)), observed
        )
        if row.desired is None and row.acknowledged is None and row.observed is None:
            continue
        hidden = str([path.get(each) for each in shown])
        if masker and (masker.is_personal(attribute) or MASK in hidden):
            row = _hidden(row)
        rows.append(row)
    return rows


def _deactivated(
    bodies: tuple[dict[str, Any], ...], masker: Masker | None, observed: str
) -> list[LedgerField]:
    """Return the fields that switch a record off: desired, acknowledged and observed."""
    rows = []
    for name in bodies[0]:
        row = _row(name, "", tuple(each.get(name, ABSENT) for each in bodies), observed)
        shown = [masker.payload(each).get(name) for each in bodies] if masker else []
        rows.append(_hidden(row) if MASK in str(shown) else row)
    return rows


def _hidden(row: LedgerField) -> LedgerField:
    """Return a field without its values, and without word of whether they differ."""
    desired, acknowledged, observed = (
        None if value is None else MASK for value in (row.desired, row.acknowledged, row.observed)
    )
    return LedgerField(row.field, row.attribute, desired, acknowledged, observed, "hidden", masked=True)


def _masker(part: _Part) -> Masker | None:
    """Return what hides personal values from whoever may not see them."""
    if part.clear or part.mapping is None:
        return None
    entity = part.subscription.entity
    document = part.draft.facts.document if part.draft else {}
    return Masker(entities.get(entity) if entity in entities else None, document, part.mapping)


def _row(name: str, attribute: str, values: tuple[Any, ...], observed: str) -> LedgerField:
    """Compare the three; a field that the payload leaves out may hold whatever it does."""
    desired, acknowledged, held = (None if value is ABSENT else value for value in values)
    differs: Differs = ""
    if values[0] is not ABSENT:
        if not holds(desired, acknowledged):
            differs = "pending"
        elif observed == "there" and not holds(desired, held):
            differs = "drifted"
    return LedgerField(name, attribute, desired, acknowledged, held, differs, masked=False)
