"""The verb on source systems."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audit.services import record_deed
from apps.core.errors import Invalid
from apps.sources.models import SourceSystem


class InvalidSystem(Invalid):
    code = "invalid_system"
    title = "The source system cannot be saved like this"


@transaction.atomic
def save_system(
    *, code: str, name: str, role: str, now: datetime, description: str = "", active: bool = True
) -> SourceSystem:
    """Create or change a source system; its role decides what it owns. Raises InvalidSystem."""
    system = SourceSystem.objects.select_for_update().filter(code=code).first() or SourceSystem(code=code)
    system.name, system.role, system.description, system.active = name, role, description, active
    try:
        system.clean_fields()
    except ValidationError as fault:
        problems = (f"{field}: {' '.join(texts)}" for field, texts in fault.message_dict.items())
        raise InvalidSystem("; ".join(problems)) from None
    system.save()
    record_deed(
        verb="system.saved", now=now, subject=code, detail={"name": name, "role": role, "active": active}
    )
    return system
