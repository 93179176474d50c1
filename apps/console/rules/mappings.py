"""Mappings and layouts: the list of documents, one document with its versions, drafting with faults at their place."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.connectors.models import Mapping, MappingKind
from apps.connectors.services import draft_mapping, is_own_draft
from apps.console.acts import ActingView, whoever_acts
from apps.console.permissions import user_may
from apps.console.rules.documents import diff_lines, line_of
from apps.console.rules.mapping_runs import go_on, simulation_of, try_on_live_records
from apps.console.rules.versions import chosen_version, number_of
from apps.console.screens import ConsoleView, screen
from apps.core.clock import utcnow
from apps.core.errors import Conflict, HubError
from apps.distribution.models import Subscription
from apps.distribution.services import activate_outbound

EMPTY = """layout: system.object
system: system
files: []
records:
  - entity: customer
    key: id
    fields:
      legal_name: name
"""


@screen("mappings/", name="mappings")
class MappingsView(ConsoleView):
    """Layouts turn rows into canonical attributes, outbound mappings turn golden records into a target's fields."""

    title = "Mappings"
    template_name = "console/rules/mappings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = Mapping.objects.values("name").annotate(
            versions=Count("pk"), drafts=Count("pk", filter=Q(status="draft")), newest=Max("version")
        )
        totals = {row["name"]: row for row in counts.order_by("name")}
        rows = {row.name: row for row in Mapping.objects.filter(status="active").defer("text")}
        for row in Mapping.objects.exclude(name__in=rows).order_by("name", "-version").distinct("name"):
            rows[row.name] = row
        documents = [(rows[name], totals[name], name.partition(".")[0]) for name in sorted(rows)]
        return super().get_context_data(
            **kwargs,
            kinds=[
                (label, [each for each in documents if each[0].kind == kind])
                for kind, label in MappingKind.choices
            ],
        )


@screen("mappings/new/", name="mapping_new")
class NewMappingView(ActingView):
    """A document nobody has yet; it names itself."""

    title = "New mapping document"
    template_name = "console/rules/mapping.html"
    capability = Capability.EDIT_RULES
    acts: ClassVar = {"draft": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = kwargs.setdefault("text", EMPTY)
        return super().get_context_data(**kwargs, lines=_lines(text), may_draft=True, editing=True)

    def act_draft(self, request: HttpRequest) -> str | HttpResponse:
        return draft_or_show(self, request)


def _lines(text: str) -> range:
    return range(1, text.count("\n") + 2)


def draft_or_show(view: ActingView, request: HttpRequest, *, name: str = "") -> str | HttpResponse:
    """Store the posted text as a draft and return its page; a faulty text is shown again with the fault marked."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    note = request.POST.get("note", "").strip()
    try:
        drafted = draft_mapping(text=text, actor=whoever_acts(), now=utcnow(), note=note)
    except HubError as fault:
        where = str(fault.extra.get("where", ""))
        return view.show(text=text, note=note, fault=fault, fault_line=line_of(text, where), editing=True)
    if name and drafted.name != name:
        messages.warning(
            request, f"The document names itself {drafted.name}; it became a draft of that mapping."
        )
    messages.success(
        request, f"Draft v{drafted.version} is stored; look at what it changes, then activate it."
    )
    return f"{reverse('admin:mapping', args=(drafted.name,))}?version={drafted.version}"


@screen("mappings/<str:name>/", name="mapping")
class MappingView(ActingView):
    """One version's text, its difference to the active one (or `?compare=`), and editing into the next draft."""

    template_name = "console/rules/mapping.html"
    acts: ClassVar = dict.fromkeys(("draft", "activate", "simulate"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query, name = self.request.GET, self.kwargs["name"]
        versions = list(Mapping.objects.filter(name=name).order_by("-version")[:100])
        if not versions:
            raise Http404(f"There is no mapping {name!r}.")
        shown = chosen_version(versions, query)
        active = next((row for row in versions if row.is_active), None)
        other = next((row for row in versions if str(row.version) == query.get("compare")), None) or active
        text = kwargs.pop("text", shown.text)
        return super().get_context_data(
            **{"title": f"Mapping {name}", "editing": bool(query.get("edit")), **kwargs},
            versions=versions,
            shown=shown,
            other=other,
            text=text,
            lines=_lines(text),
            diff=diff_lines(other.text, shown.text) if other and other != shown else [],
            may_draft=user_may(self.request, Capability.EDIT_RULES),
            outbound=shown.kind == MappingKind.OUTBOUND,
            simulation=simulation_of(shown),
            own=is_own_draft(mapping=shown, actor=whoever_acts()),
            takers=Subscription.objects.filter(mapping=name, active=True).select_related("connection"),
        )

    def act_simulate(self, request: HttpRequest) -> str:
        return try_on_live_records(self._version(request))

    def _version(self, request: HttpRequest) -> Mapping:
        row = Mapping.objects.filter(
            name=self.kwargs["name"], pk=number_of(request.POST.get("row", ""))
        ).first()
        if row is None:
            raise Http404("There is no such version.")
        return row

    def act_draft(self, request: HttpRequest) -> str | HttpResponse:
        return draft_or_show(self, request, name=self.kwargs["name"])

    def act_activate(self, request: HttpRequest) -> str:
        row = self._version(request)
        if row.is_active:
            raise Conflict(f"{row} is active already.")
        again = request.POST.get("redeliver") == "changed"
        run = activate_outbound(
            mapping=row,
            redeliver=again,
            actor=whoever_acts(),
            now=utcnow(),
            reason=f"rolled back to version {row.version}" if row.status == "retired" else "",
        )
        messages.success(request, f"{row} is active for everything that is landed or delivered from now on.")
        if run is None:
            return reverse("admin:mapping", args=(row.name,))
        go_on(run)
        return reverse("admin:mapping_run", args=(run.pk,))
