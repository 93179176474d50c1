"""Bring the mapping documents that ship with the product into the database."""

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import transaction

from apps.audit.context import Actor
from apps.audit.versioning import RuleStatus
from apps.connectors.compiled import document_face
from apps.connectors.models import Mapping
from apps.connectors.services.mappings import activate_mapping, draft_mapping
from apps.core.clock import utcnow

DEFAULTS = Path(__file__).resolve().parent.parent / "mappings" / "defaults"
_NOTE = "shipped with the product"


def default_documents() -> list[str]:
    """Return the texts of the shipped documents in the order of their file names."""
    return [path.read_text(encoding="utf-8") for path in sorted(DEFAULTS.glob("*.yaml"))]


@transaction.atomic
def seed_default_mappings(*, actor: Actor, now: datetime | None = None) -> int:
    """Store and activate shipped documents that are not there yet; return how many rows were written.

    A newer shipped text replaces an active shipped one; where stewards activated their own, it stays a draft.
    """
    moment = now or utcnow()
    rows = list(Mapping.objects.values_list("name", "checksum", "status", "shipped"))
    known = {(name, checksum) for name, checksum, _, _ in rows}
    own = {name for name, _, status, shipped in rows if status == RuleStatus.ACTIVE and not shipped}
    written = 0
    for text in default_documents():
        _, name = document_face(text)
        if (name, hashlib.sha256(text.encode()).hexdigest()) in known:
            continue
        drafted = draft_mapping(text=text, actor=actor, now=moment, note=_NOTE, shipped=True)
        if name not in own:
            activate_mapping(mapping=drafted, actor=actor, now=moment, reason=_NOTE)
        written += 1
    return written
