"""What people do to exception tasks besides waiving them: give them to somebody, and say that they are seen to."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Invalid
from apps.mastering.services import take_turn
from apps.stewardship.authority import demand
from apps.stewardship.invariants import invariants
from apps.stewardship.models import ExceptionStatus, ExceptionTask
from apps.stewardship.services.exceptions import TaskClosed, check_invariants


class StillBroken(Conflict):
    code = "exception_still_broken"
    title = "The data still disagree"


@transaction.atomic
def assign_exception(*, task_id: UUID, assignee: str, now: datetime) -> ExceptionTask:
    """Give an open task to a person by user name; "" takes it from whoever had it.

    Raises TaskClosed, Invalid for somebody who could not act on it, Denied without the role.
    """
    demand(Capability.DECIDE)
    task = _open(task_id)
    if assignee:
        person = User.objects.filter(username=assignee, is_active=True).first()
        if person is None or not (person.may(Capability.DECIDE) or person.may(Capability.APPROVE)):
            raise Invalid(f"{assignee} is nobody who could see to it; name an active steward or approver.")
    if task.assignee != assignee:
        task.assignee = assignee
        task.save(update_fields=["assignee"])
        _told("assign exception", task, reason=assignee or "nobody", now=now)
    return task


@transaction.atomic
def resolve_exception(*, task_id: UUID, reason: str, now: datetime) -> ExceptionTask:
    """Close a task whose breach is mended: the invariant is checked now, and only then is it closed.

    What another part of the hub opened nobody can check: an approver says so, with a reason. Raises StillBroken,
    TaskClosed, Invalid without a reason where one is needed, Denied without the role.
    """
    demand(Capability.DECIDE)
    take_turn()  # the check locks more tasks of the rule
    task = _open(task_id)
    if task.invariant in invariants:
        check_invariants(now=now, entity=task.entity, record_ids=[task.record_id])
        task.refresh_from_db()
        if task.status == ExceptionStatus.OPEN:
            raise StillBroken(f"{task.message} Correct the data, or have an approver waive it.")
        _told("resolve exception", task, reason=reason, now=now)
        return task
    demand(Capability.APPROVE)
    if not reason:
        raise Invalid("Say what was done about it: the hub cannot check this one by itself.")
    task.status, task.closed_at = ExceptionStatus.RESOLVED, now
    task.closed_by, task.reason = current().actor.name, reason
    task.save(update_fields=["status", "closed_at", "closed_by", "reason"])
    _told("resolve exception", task, reason=reason, now=now)
    return task


def _open(task_id: UUID) -> ExceptionTask:
    task = ExceptionTask.objects.select_for_update().get(pk=task_id)
    if task.status != ExceptionStatus.OPEN:
        raise TaskClosed(f"It is {task.get_status_display().lower()}; reload the list.")
    return task


def _told(verb: str, task: ExceptionTask, *, reason: str, now: datetime) -> None:
    record_deed(
        verb=verb,
        entity=task.entity,
        record_id=task.record_id,
        subject=task.invariant,
        reason=reason,
        now=now,
    )
