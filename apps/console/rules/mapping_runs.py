"""A run over a mapping: what a version would change at its targets, or what is delivered again; with its progress."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from kombu.exceptions import OperationalError

from apps.accounts.roles import Capability
from apps.connectors.models import Mapping
from apps.connectors.services import is_own_draft
from apps.console.acts import ActingView, whoever_acts
from apps.console.delivery.naming import named
from apps.console.permissions import user_may
from apps.console.rules.jobs import BrokerDown, start_task
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.distribution.models import MappingRun
from apps.distribution.selectors import latest_simulation, why_stale
from apps.distribution.services import cancel_mapping_run, start_simulation, work_on_mapping_run

AT_ONCE_SECONDS = 20.0
"""A run asked for here goes on in this request for so long when no worker can be woken."""
KINDS = ("changed", "refused", "cured", "new")
FIGURES = (
    ("deliveries", "records get another payload", ""),
    ("changed", "payloads change", ""),
    ("same", "stay the same", ""),
    ("new", "are new to the target", ""),
    ("refused", "would be refused, newly", "hub-bad"),
    ("still_refused", "are refused as before", "hub-warn"),
    ("cured", "would not be refused any more", "hub-good"),
    ("waits", "wait for another record", ""),
    ("never_delivered", "are not on their way to the target", ""),
)


def try_on_live_records(mapping: Mapping) -> str:
    """Start a simulation and return its page; without a worker it begins in this request."""
    run = start_simulation(mapping=mapping, actor=whoever_acts(), now=utcnow())
    go_on(run)
    return reverse("admin:mapping_run", args=(run.pk,))


def go_on(run: MappingRun) -> None:
    try:
        start_task("distribution.work_on_mapping", str(run.pk))
    except (BrokerDown, OperationalError):
        work_on_mapping_run(run_id=run.pk, actor=whoever_acts(), now=utcnow(), seconds=AT_ONCE_SECONDS)


def simulation_of(mapping: Mapping) -> tuple[MappingRun, str] | None:
    """Return the newest simulation of a version and why it holds no longer, if so."""
    run = latest_simulation(mapping) if mapping.kind == "outbound" else None
    return (run, why_stale(run)) if run else None


@screen("mapping-runs/<uuid:run_id>/", name="mapping_run")
class MappingRunView(ActingView):
    """Samples show both values as the role may see them."""

    template_name = "console/rules/mapping_run.html"
    acts: ClassVar = {"cancel": Capability.EDIT_RULES, "again": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = get_object_or_404(MappingRun.objects.select_related("mapping"), pk=self.kwargs["run_id"])
        clear = user_may(self.request, Capability.UNMASK)
        samples = [_shown(sample, clear=clear) for sample in run.samples]
        names = named(self.request, [UUID(each["record"]) for each in samples])
        return super().get_context_data(
            **kwargs,
            title=f"{run.get_kind_display()} of {run.mapping}".capitalize(),
            run=run,
            is_simulation=run.kind == MappingRun.Kind.SIMULATION,
            refresh=run.is_active,
            share=run.done / run.total if run.total else 0.0,
            rate=run.done / run.seconds if run.seconds else 0.0,
            stale=why_stale(run) if run.state == MappingRun.State.DONE else "",
            figures=[(run.counts[name], text, tone) for name, text, tone in FIGURES if run.counts.get(name)],
            fields=sorted(run.fields.items()),
            refused=sorted(run.refused.items(), key=lambda item: -item[1]["count"]),
            losses=sorted(run.losses.items(), key=lambda item: -item[1]["count"]),
            samples=[
                (kind, [(each, names.get(each["record"])) for each in samples if each["kind"] == kind])
                for kind in KINDS
            ],
            own=is_own_draft(mapping=run.mapping, actor=whoever_acts()),
        )

    def act_cancel(self, request: HttpRequest) -> None:
        run = get_object_or_404(MappingRun, pk=self.kwargs["run_id"])
        cancel_mapping_run(run=run, actor=whoever_acts(), now=utcnow())
        messages.success(request, "Stopped; what it had made due is delivered.")

    def act_again(self, request: HttpRequest) -> str:
        run = get_object_or_404(MappingRun.objects.select_related("mapping"), pk=self.kwargs["run_id"])
        return try_on_live_records(run.mapping)


def _shown(sample: dict[str, Any], *, clear: bool) -> dict[str, Any]:
    return {
        **sample,
        "rows": sample["fields"] if clear else sample["masked"],
        "reasons": sample["refusals"] if clear else sample["refusals_masked"],
    }
