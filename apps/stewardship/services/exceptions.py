"""Check invariants and keep a task for each breach: opened, brought up to date, closed when the data agree again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict
from apps.mastering.contracts import Plan
from apps.mastering.services import take_turn
from apps.stewardship.authority import demand
from apps.stewardship.invariants import Invariant, invariants
from apps.stewardship.models import ExceptionStatus, ExceptionTask

_CHANGING = (
    "message", "money", "currency", "status", "opened_at", "due_at", "closed_at", "closed_by", "reason",
)  # fmt: skip
DUE = {"block": timedelta(days=1), "warn": timedelta(days=5)}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to."""

    opened: int = 0
    resolved: int = 0
    open: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.opened + other.opened, self.resolved + other.resolved, self.open + other.open)


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach as the database tells it."""

    invariant: str
    record_id: UUID
    key: str
    message: str
    money: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Subjects that changed records may concern: the SQL that leads to them, and the records."""

    reach: str
    record_ids: tuple[UUID, ...]


class TaskClosed(Conflict):
    code = "exception_task_closed"
    title = "This exception task is closed already"


def check_invariants(*, now: datetime, entity: str = "", record_ids: Sequence[UUID] | None = None) -> Checked:
    """Check what may concern these records, or everything: one statement an invariant, one more if it has tasks.

    Each invariant has a transaction and a turn of its own: nobody opens or closes its tasks between what is found and
    what is written, and nobody waits longer than for one. Waived breaches stay waived as long as nothing about them
    changes.
    """
    total = Checked()
    if record_ids is not None and not record_ids:
        return total
    with raw_cursor() as cursor:
        cursor.execute("SELECT DISTINCT invariant FROM stewardship_exceptiontask")
        with_tasks = {name for (name,) in cursor}
    for rule in invariants.values():
        if record_ids is None or entity in rule.reach:
            scope = None if record_ids is None else Scope(rule.reach[entity], tuple(record_ids))
            total += _check(rule, scope, known=rule.name in with_tasks, now=now)
    return total


@transaction.atomic(savepoint=False)
def _check(rule: Invariant, scope: Scope | None, *, known: bool, now: datetime) -> Checked:
    if scope is None:
        take_turn()
    found = find_breaches(rule, scope)
    return _settle(rule, found, scope, now) if found or known else Checked()


def check_written(*, plan: Plan, now: datetime) -> Checked:
    """Check what a plan that was applied may have broken or mended, in the same transaction.

    Records whose golden values stay the same are checked too: what their members say may differ now.
    """
    planned = [change.record_id for change in plan.changes]
    return check_invariants(now=now, entity=plan.entity, record_ids=planned)


def find_breaches(rule: Invariant, scope: Scope | None = None) -> list[Breach]:
    """Return the breaches of an invariant, of what is in scope or of all; reads only."""
    within = f"{rule.subject} IN ({scope.reach})" if scope else "true"
    with raw_cursor() as cursor:
        cursor.execute(
            rule.statement.replace("{subjects}", within), {"ids": list(scope.record_ids) if scope else []}
        )
        return [
            Breach(rule.name, record, key or "", message[:500], money, currency or "")
            for record, key, message, money, currency in cursor
        ]


def _known(rule: Invariant, scope: Scope | None) -> dict[tuple[UUID, str], ExceptionTask]:
    tasks = ExceptionTask.objects.select_for_update().filter(invariant=rule.name).order_by("pk")
    if scope is not None:
        with raw_cursor() as cursor:
            cursor.execute(scope.reach, {"ids": list(scope.record_ids)})
            tasks = tasks.filter(record_id__in=[record for (record,) in cursor if record is not None])
    return {(task.record_id, task.key): task for task in tasks}


def _settle(rule: Invariant, breaches: Iterable[Breach], scope: Scope | None, now: datetime) -> Checked:
    """Make the tasks of an invariant, within its scope, say what was found."""
    found = {(breach.record_id, breach.key): breach for breach in breaches}
    known = _known(rule, scope)
    fresh = [_task(rule, breach, now) for place, breach in found.items() if place not in known]
    ExceptionTask.objects.bulk_create(fresh)
    changed, resolved, reopened = [], 0, 0
    for place, task in known.items():
        breach = found.get(place)
        if breach is None:
            if task.status == ExceptionStatus.OPEN:
                _close(task, ExceptionStatus.RESOLVED, "hub", "The data agree again.", now)
                resolved += 1
                changed.append(task)
        elif _brought_up_to_date(task, breach, now):
            reopened += task.opened_at == now
            changed.append(task)
    if changed:
        ExceptionTask.objects.bulk_update(changed, _CHANGING)
    return Checked(len(fresh) + reopened, resolved, len(found))


def _task(rule: Invariant, breach: Breach, now: datetime) -> ExceptionTask:
    return ExceptionTask(
        invariant=rule.name,
        number=rule.number,
        entity=rule.entity,
        record_id=breach.record_id,
        key=breach.key,
        severity=rule.severity,
        message=breach.message,
        money=breach.money,
        currency=breach.currency,
        owner=rule.owner,
        holds=rule.holds,
        opened_at=now,
        due_at=now + DUE[rule.severity],
    )


def _brought_up_to_date(task: ExceptionTask, breach: Breach, now: datetime) -> bool:
    """Let a task tell what was found; one that was closed opens again, a waived one only if it is another breach."""
    same = (task.message, task.money, task.currency) == (breach.message, breach.money, breach.currency)
    if same and task.status != ExceptionStatus.RESOLVED:
        return False
    task.message, task.money, task.currency = breach.message, breach.money, breach.currency
    if task.status != ExceptionStatus.OPEN:
        task.status, task.opened_at, task.due_at = ExceptionStatus.OPEN, now, now + DUE[task.severity]
        task.closed_at, task.closed_by, task.reason = None, "", ""
    return True


def _close(task: ExceptionTask, status: ExceptionStatus, by: str, reason: str, now: datetime) -> None:
    task.status, task.closed_at, task.closed_by, task.reason = status, now, by, reason


@transaction.atomic
def open_exception(
    *,
    invariant: str,
    entity: str,
    record_id: UUID,
    key: str,
    message: str,
    now: datetime,
    owner: str = "data owner",
    severity: str = "block",
) -> ExceptionTask:
    """Open a task that another part of the hub found, or bring it up to date; "block" holds the distribution.

    Nobody closes it but a person.
    """
    task, made = ExceptionTask.objects.select_for_update().get_or_create(
        invariant=invariant,
        record_id=record_id,
        key=key,
        defaults={
            "number": 0,
            "entity": entity,
            "severity": severity,
            "message": message[:500],
            "owner": owner,
            "holds": severity == "block",
            "opened_at": now,
            "due_at": now + DUE[severity],
        },
    )
    breach = Breach(invariant, record_id, key, message[:500], None, "")
    if not made and _brought_up_to_date(task, breach, now):
        task.save(update_fields=_CHANGING)
    return task


@transaction.atomic
def waive_exception(*, task_id: UUID, reason: str, now: datetime) -> ExceptionTask:
    """Let a breach be, with a reason; it opens again when something about it changes.

    Raises TaskClosed, Denied without the role.
    """
    demand(Capability.APPROVE)
    take_turn()
    task = ExceptionTask.objects.select_for_update().get(pk=task_id)
    if task.status != ExceptionStatus.OPEN:
        raise TaskClosed(f"It is {task.get_status_display().lower()}; reload the list.")
    _close(task, ExceptionStatus.WAIVED, current().actor.name, reason, now)
    task.save(update_fields=["status", "closed_at", "closed_by", "reason"])
    record_deed(
        verb="waive exception",
        entity=task.entity,
        record_id=task.record_id,
        subject=task.invariant,
        reason=reason,
        now=now,
    )
    return task
