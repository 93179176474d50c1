"""Compare one page of what a target holds with what it should hold; heal what is missing or stale."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.connectors.contracts import Change, Remote
from apps.connectors.mappings import OutboundMapping
from apps.core.bulk import raw_cursor
from apps.core.hashing import content_hash
from apps.distribution.drafts import Draft, write_drafts
from apps.distribution.engine.drifting import Difference, differences, stands_at
from apps.distribution.facts import load_facts
from apps.distribution.hints import notify_lanes
from apps.distribution.models import (
    DeliveryAttempt,
    ExternalRef,
    Finding,
    FindingKind,
    FindingState,
    Lane,
    Observation,
    Op,
    Outcome,
    ReconciliationRun,
    Subscription,
)

Seen = Remote | Change
EARLIER = 10
"""Acknowledged payloads of a record that are looked at to tell a stale record from a drifted one."""
# Same version, same idempotency key; `unsure` has the worker look before it writes.
_HEAL = """
UPDATE distribution_lane SET done_seq = last_seq - 1, unsure = true, next_at = %(now)s, pending_since = %(now)s,
    attempts = 0, failing_since = NULL
WHERE id = ANY(%(lanes)s) AND done_seq = last_seq AND parked_at IS NULL AND lease_until IS NULL AND last_seq > 0
RETURNING id
"""


@dataclass(slots=True)
class Page:
    """What one page came to: findings by lane or id, lanes to heal, observations, counts."""

    findings: list[Finding] = field(default_factory=list)
    heal: list[int] = field(default_factory=list)
    agree: list[int] = field(default_factory=list)
    observed: dict[int, Seen] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Compared:
    """A subscription under comparison; `asked_at`: what was acknowledged since says nothing about the answer."""

    run: ReconciliationRun
    subscription: Subscription
    mapping: OutboundMapping
    asked_at: datetime
    now: datetime

    def finding(
        self, kind: FindingKind, seen: Seen | None, found: Sequence[dict[str, Any]], **more: Any
    ) -> Finding:
        values = dict(seen.values) if seen else {}
        differing: list[object] = [[each["field"], each["observed"]] for each in found] or [values]
        healing = kind in (FindingKind.MISSING, FindingKind.STALE)
        return Finding(
            connection=self.run.connection, subscription=self.subscription, run=self.run, kind=kind,
            state=FindingState.HEALING if healing else FindingState.OPEN,
            native_id=seen.native_id if seen else "", version=(seen.version or "") if seen else "",
            fields=list(found), observed=values, fingerprint=content_hash(differing).hex(),
            first_seen=self.now, last_seen=self.now, **more,
        )  # fmt: skip


def compare_seen(work: Compared, seen: Sequence[Seen]) -> Page:
    """Compare records that the target holds under our key."""
    page = Page()
    keys = [each.ext_id for each in seen if each.ext_id]
    refs = {
        ref.external_id: ref
        for ref in ExternalRef.objects.filter(
            connection=work.run.connection, object=work.mapping.object, external_id__in=keys
        ).select_related("lane")
    }
    mine = [ref.lane_id for ref in refs.values() if ref.lane.subscription_id == work.subscription.pk]
    drafts = {draft.facts.lane_id: draft for draft in write_drafts(work.run.connection, load_facts(mine))}
    before = dict(Observation.objects.filter(lane__in=mine, run=work.run).values_list("lane_id", "native_id"))
    earlier = earlier_payloads(mine)
    for each in seen:
        ref = refs.get(each.ext_id or "")
        if ref is None:
            _note_extra(work, page, each)
        elif ref.lane_id in drafts:
            if _is_second(ref, each, before):
                lane = ref.lane
                page.findings.append(
                    work.finding(
                        FindingKind.DUPLICATE, each, (), external_id=ref.external_id, lane=lane,
                        record_id=ref.record_id,
                    )
                )  # fmt: skip
                continue
            before[ref.lane_id] = each.native_id
            page.observed[ref.lane_id] = each
            _compare(work, page, ref, drafts[ref.lane_id], each, earlier.get(ref.lane_id, []))
    return page


def _is_second(ref: ExternalRef, seen: Seen, before: dict[int, str]) -> bool:
    """Tell whether the target holds the record under another id as well."""
    if ref.native_id:
        return seen.native_id != ref.native_id
    return before.get(ref.lane_id, seen.native_id) != seen.native_id


def _note_extra(work: Compared, page: Page, seen: Seen) -> None:
    """A record with our key that the hub never wrote, unless its first delivery is under way."""
    record = _uuid(seen.ext_id)
    lanes = (
        Lane.objects.filter(subscription=work.subscription, record=record) if record else Lane.objects.none()
    )
    if lanes.exists():
        page.counts["on its way"] += 1
    elif work.mapping.match_when is None or work.mapping.matches(seen.values):
        page.findings.append(
            work.finding(FindingKind.EXTRA, seen, (), external_id=seen.ext_id or "", record_id=record)
        )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _compare(
    work: Compared, page: Page, ref: ExternalRef, draft: Draft, seen: Seen, earlier: list[dict[str, Any]]
) -> None:
    lane = ref.lane
    if lane.lease_until is not None or ref.last_seen >= work.asked_at or lane.done_seq < lane.last_seq:
        page.counts["parked" if lane.parked_at else "on its way"] += 1
        return
    off = draft.op is Op.DEACTIVATE
    desired = dict(draft.payload.body) if draft.payload else dict(ref.last_fields)
    found = differences(work.mapping, desired, seen.values, switched_off=off)
    if not found:
        page.counts["in step"] += 1
        page.agree.append(lane.pk)
        return
    own = {each.field: each for each in differences(work.mapping, ref.last_fields, seen.values)}
    stale = not own or stands_at(work.mapping, earlier, found)
    kind = FindingKind.STALE if stale else FindingKind.DRIFTED
    if stale:
        page.heal.append(lane.pk)
    rows = [_row(work.mapping, each, ref) for each in found]
    page.findings.append(
        work.finding(kind, seen, rows, external_id=ref.external_id, lane=lane, record_id=ref.record_id)
    )


def _row(mapping: OutboundMapping, found: Difference, ref: ExternalRef) -> dict[str, Any]:
    paths = {one.remote.text: one.remote for one in mapping.fields}
    paths |= {part.remote.text: part.remote for part in mapping.lists}
    path = paths.get(found.field)
    acknowledged = (path.get(ref.last_fields) or None) if path else ref.last_fields.get(found.field)
    told = asdict(found)
    return {
        "field": told["field"],
        "attribute": told["attribute"],
        "desired": told["expected"],
        "acknowledged": acknowledged,
        "observed": told["observed"],
    }


def compare_missing(work: Compared, refs: Sequence[ExternalRef], found: Sequence[Seen]) -> Page:
    """Compare records that the walk did not meet: `found` are those that turned up when asked for by key."""
    page = compare_seen(work, found)
    there = {each.ext_id for each in found}
    for ref in refs:
        if ref.external_id in there or ref.last_seen >= work.asked_at:
            continue
        page.heal.append(ref.lane_id)
        page.findings.append(
            work.finding(
                FindingKind.MISSING,
                None,
                (),
                external_id=ref.external_id,
                lane=ref.lane,
                record_id=ref.record_id,
            )
        )
    return page


def earlier_payloads(lanes: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what each lane's target acknowledged before, newest first, personal values masked."""
    reached = (Outcome.CREATED, Outcome.UPDATED, Outcome.CONFIRMED)
    rows = DeliveryAttempt.objects.filter(lane__in=list(lanes), outcome__in=reached, payload__isnull=False)
    payloads: dict[int, list[dict[str, Any]]] = {}
    for lane, payload in rows.order_by("lane_id", "-started_at").values_list("lane_id", "payload"):
        kept = payloads.setdefault(lane, [])
        if len(kept) < EARLIER:
            kept.append(payload or {})
    return payloads


def store_page(work: Compared, page: Page) -> None:
    """Write what a page came to, in the running transaction: findings, observations, lanes made due again."""
    for kind, number in Counter(str(each.kind) for each in page.findings).items():
        page.counts[kind] += number
    _store_findings(work, page.findings)
    settled = Finding.objects.filter(subscription=work.subscription, lane__in=page.agree)
    settle_findings(settled.exclude(kind=FindingKind.DUPLICATE), now=work.now)
    Observation.objects.bulk_create(
        [
            Observation(
                lane_id=lane, run=work.run, native_id=seen.native_id, version=seen.version or "",
                values=seen.values, seen_at=work.now,
            )
            for lane, seen in page.observed.items()
        ],
        update_conflicts=True, unique_fields=["lane"],
        update_fields=["run", "native_id", "version", "values", "seen_at"],
    )  # fmt: skip
    heal_lanes(page.heal, now=work.now)
    counts = Counter(work.run.counts) + page.counts
    work.run.counts = dict(counts)


def heal_lanes(lanes: Sequence[int], *, now: datetime) -> int:
    """Make lanes that were in step due again, with the version and key they had; return how many."""
    if not lanes:
        return 0
    with raw_cursor() as cursor:
        cursor.execute(_HEAL, {"lanes": list(lanes), "now": now})
        healed = cursor.rowcount
    notify_lanes()
    return healed


def _store_findings(work: Compared, found: Sequence[Finding]) -> None:
    """Insert or bring up to date; what was waived stays so as long as the target holds the same."""
    keys = {(each.kind, each.external_id, each.native_id): each for each in found}
    known = Finding.objects.select_for_update().filter(
        subscription=work.subscription, external_id__in=[each.external_id for each in found]
    )
    changed = []
    for old in known.order_by("pk"):
        new = keys.pop((FindingKind(old.kind), old.external_id, old.native_id), None)
        if new is None:
            continue
        waived = old.state == FindingState.WAIVED and old.fingerprint == new.fingerprint
        old.run, old.last_seen, old.fields, old.observed = work.run, work.now, new.fields, new.observed
        old.lane, old.version, old.fingerprint = new.lane, new.version, new.fingerprint
        if not waived:
            old.state, old.closed_at, old.closed_by, old.reason = new.state, None, "", ""
        changed.append(old)
    Finding.objects.bulk_update(changed, _CHANGING)
    Finding.objects.bulk_create(keys.values())


_CHANGING = (
    "run", "last_seen", "fields", "observed", "lane", "version", "fingerprint", "state", "closed_at", "closed_by",
    "reason",
)  # fmt: skip


def settle_findings(findings: Any, *, now: datetime) -> int:
    """Close findings that are none any more; what a person waived stays waived."""
    still = findings.filter(~Q(state__in=[FindingState.WAIVED, FindingState.SETTLED]))
    done: int = still.update(state=FindingState.SETTLED, closed_at=now)
    return done
