"""Verbs on mapping documents: draft, activate, roll back."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.audit.versioning import RuleStatus
from apps.connectors.compiled import compile_document, document_face
from apps.connectors.mappings import OutboundMapping
from apps.connectors.mappings.outbound import check_losses
from apps.connectors.models import Mapping
from apps.connectors.selectors import contradictions
from apps.core.errors import Conflict, Denied, NotFound


class NothingToRollBackTo(Conflict):
    code = "nothing_to_roll_back_to"
    title = "No earlier version of this mapping was ever active"


class MappingContradictsTarget(Conflict):
    code = "mapping_contradicts_target"
    title = "The target's own fields do not take what this mapping writes"


class OwnDraft(Denied):
    code = "own_draft"
    title = "Nobody activates a mapping that he wrote"


def is_own_draft(*, mapping: Mapping, actor: Actor) -> bool:
    """Tell whether this person may not activate a draft because he wrote it."""
    two = settings.RULES_NEED_TWO and mapping.status == RuleStatus.DRAFT
    return bool(two and actor.user_id is not None and actor.name == mapping.created_by)


def draft_mapping(
    *, text: str, actor: Actor, now: datetime, note: str = "", shipped: bool = False
) -> Mapping:
    """Store a document as the next version of the mapping it names.

    Raises MappingDocumentError if it is not valid, or if a value of its inline tests would come back from the target
    as another one and the document does not name that loss.
    """
    kind, name = document_face(text)
    with acting(actor, reason=note or f"draft of {name}"), transaction.atomic():
        Mapping.objects.select_for_update().filter(name=name).order_by("pk").first()
        newest = Mapping.objects.filter(name=name).aggregate(newest=Max("version"))["newest"] or 0
        compile_document(kind, text, newest + 1)
        if kind == "outbound":
            check_losses(text)
        return Mapping.objects.create(
            name=name,
            kind=kind,
            version=newest + 1,
            text=text,
            checksum=hashlib.sha256(text.encode()).hexdigest(),
            note=note[:300],
            shipped=shipped,
            created_by=actor.name,
            created_at=now,
        )


def activate_mapping(*, mapping: Mapping, actor: Actor, now: datetime, reason: str = "") -> Mapping:
    """Make this version the one in force and retire the one before.

    A draft needs a second person where the hub asks for four eyes; a version that was in force was seen by two.
    Raises OwnDraft, and MappingContradictsTarget when a discovered catalog says that the target cannot take it.
    """
    with acting(actor, reason=reason or f"{mapping} activated"), transaction.atomic():
        rows = {
            row.pk: row
            for row in Mapping.objects.select_for_update().filter(name=mapping.name).order_by("pk")
        }
        chosen = rows.get(mapping.pk)
        if chosen is None:
            raise NotFound(f"{mapping} does not exist any more.")
        if chosen.is_active:
            return chosen
        if is_own_draft(mapping=chosen, actor=actor):
            raise OwnDraft(f"{actor.name} wrote {chosen}; somebody else has to look at it and activate it.")
        compiled = compile_document(chosen.kind, chosen.text, chosen.version)
        if isinstance(compiled, OutboundMapping) and (faults := contradictions(compiled)):
            raise MappingContradictsTarget(" ".join(faults))
        for row in rows.values():
            if row.is_active:
                row.status = RuleStatus.RETIRED
                row.save()
        chosen.status, chosen.activated_by, chosen.activated_at = RuleStatus.ACTIVE, actor.name, now
        chosen.save()
        record_deed(
            verb="mapping.activated",
            now=now,
            subject=chosen.name,
            reason=reason,
            detail={"version": chosen.version},
        )
    mapping.refresh_from_db()
    return chosen


def roll_back_mapping(
    *, name: str, actor: Actor, now: datetime, to_version: int | None = None, reason: str = ""
) -> Mapping:
    """Bring back an earlier version: `to_version`, or the one that was in force before the present one."""
    with transaction.atomic():
        earlier = Mapping.objects.filter(name=name, status=RuleStatus.RETIRED, activated_at__isnull=False)
        if to_version is not None:
            earlier = earlier.filter(version=to_version)
        found = earlier.order_by("-activated_at", "-version").first()
        if found is None:
            raise NothingToRollBackTo(
                f"{name} has no earlier version that was active; activate a draft instead."
            )
        return activate_mapping(
            mapping=found, actor=actor, now=now, reason=reason or f"rolled back to version {found.version}"
        )
