"""Reconciliation: runs per target, and what did not agree, for a person to push, adopt or waive."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from celery import current_app
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from apps.accounts.roles import Capability
from apps.connectors.models import Connection
from apps.console.acts import ActingView, whoever_acts
from apps.console.delivery.naming import named
from apps.console.paging import numbered
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.distribution.engine.masking import MASK, personal_paths
from apps.distribution.models import Finding, FindingKind, FindingState, ReconciliationRun
from apps.distribution.selectors import readable_targets
from apps.distribution.services import adopt_finding, push_finding, reconcile_target, waive_finding
from apps.golden.registry import entities

PAGE = 100
AT_ONCE_SECONDS = 20.0
"""A run asked for here goes on in this request for so long when no worker can be woken."""


def _chosen(given: Mapping[str, str]) -> QuerySet[Finding]:
    """Return the findings that a query string asks for; open ones unless it says otherwise."""
    rows = Finding.objects.filter(state=given.get("state") or FindingState.OPEN)
    wanted = {"connection__code": given.get("target"), "kind": given.get("kind")}
    wanted["subscription__entity"] = given.get("entity")
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def _hidden(entity: str, *, clear: bool) -> frozenset[str]:
    """Return the attributes of an entity whose values are masked for this user."""
    if clear or entity not in entities:
        return frozenset()
    return frozenset(personal_paths(entities.get(entity)))


def _shown(finding: Finding, *, clear: bool) -> list[dict[str, Any]]:
    hidden = _hidden(finding.subscription.entity, clear=clear)
    return [
        {
            **row,
            **(
                dict.fromkeys(("desired", "acknowledged", "observed"), MASK)
                if row["attribute"] in hidden
                else {}
            ),
        }
        for row in finding.fields
    ]


@screen("reconciliation/", name="reconciliation")
class ReconciliationView(ActingView):
    """`?target=`, `?kind=`, `?entity=`, `?state=` choose; actions speak of the ticked findings."""

    title = "Reconciliation"
    template_name = "console/delivery/reconciliation.html"
    acts: ClassVar = {
        "run": Capability.OPERATE,
        "push": Capability.OPERATE,
        "adopt": Capability.OPERATE,
        "waive": Capability.OPERATE,
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = self.request.GET
        rows = _chosen(given)
        listed = numbered(rows.select_related("connection", "subscription"), given, size=PAGE)
        found = listed.rows
        clear = user_may(self.request, Capability.UNMASK)
        names = named(self.request, [each.record_id for each in found if each.record_id])
        of_state = Finding.objects.filter(state=given.get("state") or FindingState.OPEN).order_by()
        return super().get_context_data(
            **kwargs,
            rows=[(each, names.get(str(each.record_id)), _shown(each, clear=clear)) for each in found],
            listed=listed,
            count=rows.count(),
            given=given,
            state=given.get("state") or FindingState.OPEN,
            states=FindingState.choices,
            kinds=FindingKind.choices,
            by_kind=dict(of_state.values_list("kind").annotate(number=Count("pk"))),
            targets=_targets(),
            entities=list(entities.values()),
        )

    def act_run(self, request: HttpRequest) -> None:
        target = request.POST.get("target", "")
        try:
            current_app.send_task("distribution.reconcile", args=(target,), ignore_result=True)
        except (OperationalError, OSError):
            run = reconcile_target(target=target, actor=whoever_acts(), now=utcnow(), seconds=AT_ONCE_SECONDS)
            messages.success(request, f"{run.connection} was compared: {run.get_state_display()}.")
            return
        messages.success(request, "A worker compares the target now; reload to see how far it is.")

    def _each(self, request: HttpRequest, verb: Callable[..., object], done: str) -> None:
        ids = [UUID(each) for each in request.POST.getlist("finding")]
        if not ids:
            messages.error(request, "Choose findings first.")
            return
        for finding in ids:
            verb(finding=finding, actor=whoever_acts(), reason=request.POST.get("reason", ""), now=utcnow())
        messages.success(request, f"{len(ids):,} {done}.")

    def act_push(self, request: HttpRequest) -> None:
        self._each(request, push_finding, "on the way to the target")

    def act_adopt(self, request: HttpRequest) -> None:
        kept: dict[str, int] = {}
        self._each(request, partial(_adopt, kept), "landed as source records of the target's system")
        for why, times in sorted(kept.items()):
            messages.warning(
                request, f"Will not become golden{f' ({times:,} times)' if times > 1 else ''}: {why}"
            )

    def act_waive(self, request: HttpRequest) -> None:
        self._each(
            request, waive_finding, "waived; each comes back when the target holds something else again"
        )


def _adopt(kept: dict[str, int], **asked: Any) -> None:
    """Adopt a finding and count what will not become golden, by attribute and reason: values are personal."""
    for path, why in adopt_finding(**asked).items():
        told = f"{path.partition(':')[0]}, {why}"
        kept[told] = kept.get(told, 0) + 1


def _targets() -> list[tuple[Connection, ReconciliationRun | None, bool]]:
    """Return each target, its newest run, and whether it can be asked what it holds."""
    newest = {
        run.connection_id: run
        for run in ReconciliationRun.objects.order_by("connection_id", "-started_at").distinct(
            "connection_id"
        )
    }
    readable = set(readable_targets())
    rows = Connection.objects.filter(subscriptions__isnull=False).distinct().order_by("code")
    return [(row, newest.get(row.pk), row.code in readable) for row in rows]
