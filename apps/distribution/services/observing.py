"""Look at what one target holds of one golden record, now."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.contracts import ReadFailed
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import HubError
from apps.distribution.clock import RunningClock
from apps.distribution.gate import connection_called
from apps.distribution.models import ExternalRef, Observation


class NotReadable(HubError):
    code = "target_not_readable"
    title = "What the target holds could not be read"
    status = 409


def observe_record(*, target: str, record_id: UUID, actor: Actor, now: datetime) -> int:
    """Ask a target for all it holds of a golden record and keep that as observed; return how many objects are there.

    The call is made with no transaction open. Raises NotReadable.
    """
    connection, clock = connection_called(target), RunningClock(now)
    connector = connector_for(connection)
    if not connector.caps.reads:
        raise NotReadable(f"{connection} takes events and tells nothing.")
    refs = ExternalRef.objects.filter(connection=connection, record_id=record_id)
    seen: list[Observation] = []
    for ref in refs.select_related("lane__subscription").order_by("lane_id"):
        mapping = active_mapping(ref.lane.subscription.mapping)
        asked = clock.now()
        try:
            found = connector.fetch(mapping.object, [ref.external_id], mapping.remote_paths)
        except ReadFailed as error:
            raise NotReadable(str(error)) from error
        one = next((each for each in found if each.native_id == ref.native_id), found[0] if found else None)
        seen.append(
            Observation(
                lane_id=ref.lane_id, run=None, native_id=one.native_id if one else "",
                version=(one.version or "") if one else "", values=one.values if one else {}, seen_at=asked,
            )
        )  # fmt: skip
    with acting(actor, reason="looked at a target"), transaction.atomic():
        Observation.objects.bulk_create(
            seen, update_conflicts=True, unique_fields=["lane"],
            update_fields=["run", "native_id", "version", "values", "seen_at"],
        )  # fmt: skip
        record_deed(verb="record.observed", now=now, record_id=record_id, subject=connection.code)
    return sum(bool(each.values) for each in seen)
