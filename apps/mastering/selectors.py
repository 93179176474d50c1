"""Reads on rules, pins and merges."""

from datetime import datetime
from functools import lru_cache

from apps.mastering.engine.ownership import Ownership, ownership
from apps.mastering.models import OwnershipMatrix, OwnershipRule


@lru_cache(maxsize=4)
def _matrix(version_id: int, version: int, _activated_at: datetime) -> Ownership:
    rows = OwnershipRule.objects.filter(matrix_id=version_id)
    return ownership(
        version, ((rule.entity, rule.group, rule.state, tuple(rule.owners), rule.others) for rule in rows)
    )


def active_ownership() -> Ownership:
    """Return the active matrix; an active version never changes, so it is read once per process and version."""
    row = OwnershipMatrix.objects.filter(status="active").values_list("pk", "version", "activated_at").first()
    return _matrix(*row) if row else Ownership(version=0, rules={})
