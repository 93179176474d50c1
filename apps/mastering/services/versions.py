"""Versions of rules: drafts, activation by another person, roll back. An active version is never changed."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db.models import Max

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Denied
from apps.mastering.models.ownership import FourEyesRule

T = TypeVar("T", bound=FourEyesRule)


class NotADraft(Conflict):
    code = "not_a_draft"
    title = "Only a draft can be edited; make a new draft of this version"


class OwnDraft(Denied):
    code = "own_draft"
    title = "Nobody activates rules that he wrote"


def new_version(model: type[T], *, note: str, now: datetime) -> T:
    """Create a draft without rules."""
    newest = model._default_manager.aggregate(newest=Max("version"))["newest"] or 0
    return model._default_manager.create(
        version=newest + 1, note=note, created_by=current().actor.name, created_at=now
    )


def locked_draft(model: type[T], pk: int) -> T:
    """Return a draft, locked, and remember who edits it. Raises NotADraft."""
    draft = model._default_manager.select_for_update().get(pk=pk)
    if draft.status != "draft":
        raise NotADraft(f"v{draft.version} is {draft.status}; make a draft of it and edit that.")
    editor = current().actor.name
    if editor not in draft.editors:
        draft.editors = [*draft.editors, editor]
        draft.save(update_fields=["editors"])
    return draft


def activate(model: type[T], pk: int, *, verb: str, now: datetime, prepare: Callable[[T], None]) -> T:
    """Make a draft the active version, or an earlier one active again; `prepare` sets what is measured from now on.

    A draft needs a second person: neither who made it nor who wrote cells of it. An earlier version was seen by two
    already, so that one person can roll back in a hurry. Raises OwnDraft, Conflict.
    """
    version = model._default_manager.select_for_update().get(pk=pk)
    if version.is_active:
        raise Conflict(f"v{version.version} is active already.")
    actor = current().actor
    if (
        version.status == "draft"
        and actor.user_id is not None
        and actor.name in (version.created_by, *version.editors)
    ):
        raise OwnDraft(
            f"{actor.name} wrote v{version.version}; somebody else has to look at it and activate it."
        )
    for old in model._default_manager.select_for_update().filter(status="active"):
        old.status = "retired"
        old.save()
    version.status, version.activated_by, version.activated_at = "active", actor.name, now
    prepare(version)
    version.save()
    record_deed(verb=verb, subject=str(version), now=now)
    return version
