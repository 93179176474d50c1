"""Reads on what people decided."""

from collections.abc import Sequence
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.matching import storage
from apps.matching.models import Verdict


def kept_apart(*, record_ids: Sequence[UUID]) -> bool:
    """Tell whether a person decided that two members of these golden records are never one."""
    with raw_cursor() as cursor:
        members = list(storage.housemates_of(cursor, record_ids))
        return Verdict.NEVER in storage.decisions_among(cursor, members).values()
