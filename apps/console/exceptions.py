"""Exception tasks: invariants that records break, the money at risk, whose turn it is, until when."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.paging import numbered
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.console.values import names_of
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.stewardship.invariants import invariants
from apps.stewardship.models import ExceptionStatus, ExceptionTask
from apps.stewardship.services import check_invariants, waive_exception

PAGE = 100


@screen("exceptions/", name="exceptions")
class ExceptionsView(ActingView):
    """`?invariant=`, `?owner=`, `?severity=`, `?status=` choose; `?record=` shows those of one record."""

    title = "Exceptions"
    template_name = "console/exceptions.html"
    acts: ClassVar = {"waive": Capability.APPROVE, "check": Capability.OPERATE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = self.request.GET
        status = given.get("status", ExceptionStatus.OPEN)
        tasks = _chosen(given, status)
        listed = numbered(
            tasks.order_by("-holds", F("money").desc(nulls_last=True), "due_at", "pk"), given, size=PAGE
        )
        clear = user_may(self.request, Capability.UNMASK)
        names = names_of([task.record_id for task in listed.rows], clear=clear)
        of_status = ExceptionTask.objects.filter(status=status)
        return super().get_context_data(
            **kwargs,
            rows=[(task, names.get(str(task.record_id))) for task in listed.rows],
            listed=listed,
            count=tasks.count(),
            at_risk=_at_risk(tasks),
            status=status,
            statuses=ExceptionStatus.choices,
            given=given,
            kinds=[
                (invariants.get(name) if name in invariants else None, name, number)
                for name, number in of_status.order_by()
                .values_list("invariant")
                .annotate(number=Count("pk"))
                .order_by("-number", "invariant")
            ],
            owners=sorted(set(of_status.order_by().values_list("owner", flat=True))),
            now=utcnow(),
            may_waive=user_may(self.request, Capability.APPROVE),
            may_check=user_may(self.request, Capability.OPERATE),
        )

    def act_waive(self, request: HttpRequest) -> None:
        reason = request.POST.get("reason", "").strip()
        chosen = request.POST.getlist("task")
        if not reason or not chosen:
            messages.error(request, "Choose tasks and say why they may be let be.")
            return
        try:
            ids = [UUID(each) for each in chosen]
        except ValueError as error:
            raise Invalid("This is no id; reload the page.") from error
        with transaction.atomic():  # all or none: what is told is what was done
            for task in ids:
                waive_exception(task_id=task, reason=reason, now=utcnow())
        messages.success(request, f"{len(chosen)} waived; each opens again when something about it changes.")

    def act_check(self, request: HttpRequest) -> None:
        done = check_invariants(now=utcnow())
        messages.success(
            request, f"{done.opened} opened, {done.resolved} closed, {done.open} breaches in all."
        )


def _chosen(given: Any, status: str) -> QuerySet[ExceptionTask]:
    tasks = ExceptionTask.objects.filter(status=status)
    for name in ("invariant", "owner", "severity"):
        if value := given.get(name):
            tasks = tasks.filter(**{name: value})
    try:
        return tasks.filter(record_id=UUID(given["record"])) if given.get("record") else tasks
    except ValueError:
        return tasks.none()


def _at_risk(tasks: QuerySet[ExceptionTask]) -> list[tuple[str, Any]]:
    """Return the money at risk per currency, the most first."""
    sums = tasks.exclude(money=None).order_by().values_list("currency").annotate(total=Sum("money"))
    return sorted(sums, key=lambda pair: -pair[1])
