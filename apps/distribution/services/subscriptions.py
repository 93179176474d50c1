"""Verbs on subscriptions: save, seed the defaults, backfill."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, active_mappings, connector_for
from apps.core.bulk import raw_cursor
from apps.distribution.gate import connection_called
from apps.distribution.hints import kick_targets, notify_lanes
from apps.distribution.models import Subscription, SubscriptionMode, TargetState
from apps.golden.registry import entities

DEFAULT_TARGETS = ("salesforce", "netsuite")
BACKFILL_PRIORITY = 90
_STEP = 10
_BATCH = 1000
_LARGEST_CALL = 25
"""Records per call by default: an answer that never comes leaves no more than these in doubt."""


def save_subscription(
    *,
    target: str,
    mapping: str,
    actor: Actor,
    now: datetime,
    priority: int | None = None,
    mode: SubscriptionMode = SubscriptionMode.STATE,
    active: bool = True,
    paused: bool = False,
    reason: str = "",
) -> Subscription:
    """Create or change what a target takes through one mapping; the mapping names the entity.

    Raises NotFound when no version of the mapping is active. Records that are golden already come by
    `backfill_subscription`; changes from now on come by themselves.
    """
    connection = connection_called(target)
    compiled = active_mapping(mapping)
    with acting(actor, reason=reason or f"subscription of {target}"), transaction.atomic():
        _ensure_state(connection)
        row, _ = Subscription.objects.update_or_create(
            connection=connection,
            mapping=mapping,
            defaults={
                "entity": compiled.entity,
                "mode": mode,
                "priority": _priority_of(compiled.entity) if priority is None else priority,
                "active": active,
                "paused": paused,
            },
        )
        record_deed(verb="subscription.saved", now=now, entity=row.entity, subject=str(row))
    return row


def ensure_default_subscriptions(
    *, actor: Actor, now: datetime, targets: Iterable[str] = DEFAULT_TARGETS
) -> list[Subscription]:
    """Subscribe each of these connections that exists to every active outbound mapping of its own.

    What is there already stays as people left it. Returns the new subscriptions.
    """
    made = []
    with acting(actor, reason="default subscriptions"), transaction.atomic():
        for connection in Connection.objects.filter(code__in=list(targets)).order_by("code"):
            _ensure_state(connection)
            known = set(Subscription.objects.filter(connection=connection).values_list("mapping", flat=True))
            for mapping in _pushed(active_mappings(system=connection.code)):
                if mapping.name not in known:
                    made.append(
                        Subscription.objects.create(
                            connection=connection,
                            mapping=mapping.name,
                            entity=mapping.entity,
                            priority=_priority_of(mapping.entity),
                        )
                    )
        if made:
            subjects = ", ".join(row.mapping for row in made)
            record_deed(verb="subscription.seeded", now=now, subject=subjects)
    return made


def _pushed(mappings: Iterable[OutboundMapping]) -> list[OutboundMapping]:
    return [mapping for mapping in mappings if mapping.direction in ("push", "both")]


def _priority_of(entity: str) -> int:
    """Entities are registered parents before children; so do their records go out."""
    names = entities.names()
    return _STEP * (names.index(entity) + 1) if entity in names else 50


def _ensure_state(connection: Connection) -> None:
    """Give a new target the limits its connector knows."""
    if TargetState.objects.filter(connection=connection).exists():
        return
    caps = connector_for(connection).caps
    TargetState.objects.bulk_create(
        [
            TargetState(
                connection=connection,
                max_inflight=caps.max_concurrency,
                batch_size=min(caps.batch_max, _LARGEST_CALL),
                rate_per_second=caps.rate.amount / caps.rate.seconds if caps.rate else None,
            )
        ],
        ignore_conflicts=True,
    )


# Headers are locked before lanes, in id order, as the writers of golden records do.
_HEADERS = """
SELECT g.id FROM golden_goldenrecord g
WHERE g.entity = %(entity)s AND g.status = 'live' AND g.id > %(after)s ORDER BY g.id LIMIT %(batch)s FOR KEY SHARE
"""
_LANES = """
INSERT INTO distribution_lane AS lane
    (subscription_id, connection_id, record_id, last_seq, done_seq, next_at, priority, token, leased_by, attempts,
     crash_count, unsure, pending_since, code, note, park_code, park_reason, park_owner)
SELECT %(subscription)s, %(connection)s, e.record_id, max(e.seq), max(e.seq) - 1, %(now)s, %(priority)s, 0, '', 0,
       0, false, %(now)s, '', '', '', '', ''
FROM outbox_outboxevent e WHERE e.record_id = ANY(%(ids)s) GROUP BY e.record_id ORDER BY e.record_id
ON CONFLICT (subscription_id, record_id) DO NOTHING
RETURNING 1
"""


def make_lane(*, subscription: Subscription, record_id: UUID, now: datetime) -> int:
    """Make the lane of one live golden record that has none; return how many were made."""
    values = {
        "subscription": subscription.pk,
        "connection": subscription.connection_id,
        "priority": subscription.priority,
        "now": now,
    }
    with transaction.atomic(), raw_cursor() as cursor:
        cursor.execute(
            "SELECT id FROM golden_goldenrecord WHERE id = %s AND entity = %s AND status = 'live' FOR KEY SHARE",
            (record_id, subscription.entity),
        )
        ids = [row[0] for row in cursor]
        cursor.execute(_LANES, {**values, "ids": ids})
        made = cursor.rowcount
        notify_lanes()
    return made


def backfill_subscription(*, subscription: Subscription, actor: Actor, reason: str, now: datetime) -> int:
    """Make a lane for every live golden record of the entity that has none yet; return how many.

    They go out after everything else, each in its newest version; a record that changes meanwhile moves
    up to the usual priority. Runs in batches of one transaction each and may be repeated at any time.
    """
    connection, made, after = subscription.connection, 0, UUID(int=0)
    values = {
        "subscription": subscription.pk,
        "connection": connection.pk,
        "entity": subscription.entity,
        "priority": BACKFILL_PRIORITY + subscription.priority // _STEP,
        "now": now,
        "batch": _BATCH,
    }
    with acting(actor, reason=reason):
        while True:
            with transaction.atomic(), raw_cursor() as cursor:
                cursor.execute(_HEADERS, {**values, "after": after})
                ids = [row[0] for row in cursor]
                if not ids:
                    break
                cursor.execute(_LANES, {**values, "ids": ids})
                made += cursor.rowcount
                notify_lanes()
            after = ids[-1]
        record_deed(
            verb="subscription.backfilled",
            now=now,
            entity=subscription.entity,
            subject=str(subscription),
            detail={"lanes": made},
        )
    kick_targets([connection.code])
    return made
