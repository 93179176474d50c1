"""Append deeds to the audit list."""

from datetime import datetime
from uuid import UUID

from apps.audit.context import current
from apps.audit.models import AuditEvent


def record_deed(
    *,
    verb: str,
    now: datetime,
    entity: str = "",
    record_id: UUID | None = None,
    subject: str = "",
    reason: str = "",
    detail: dict[str, object] | None = None,
) -> AuditEvent:
    """Write one audit event in the caller's transaction, in the name of whoever acts."""
    return AuditEvent.objects.create(
        verb=verb,
        at=now,
        entity=entity,
        record_id=record_id,
        subject=subject[:200],
        reason=reason or current().reason,
        detail=detail or {},
    )
