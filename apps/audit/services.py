"""Append deeds to the audit list."""

from collections.abc import Mapping
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


def record_deeds(
    *, verb: str, entity: str, subjects: Mapping[str, UUID], reason: str = "", now: datetime
) -> None:
    """Write one audit event per subject, each with its golden record, in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            verb=verb,
            at=now,
            entity=entity,
            record_id=record_id,
            subject=subject[:200],
            reason=reason or current().reason,
        )
        for subject, record_id in subjects.items()
    )
