"""Reference data on screen: the lists; one list with its codes, what each system calls them, what is not mapped yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.golden.moments import day_of
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, screen
from apps.core.clock import utcnow
from apps.quality.models import Code, CodeList, CodeMapping
from apps.quality.selectors import lists_of_specs, unmapped_values
from apps.quality.services import adopt_values, map_value, save_code, save_list, unmap_value
from apps.sources.models import SourceSystem

MOST_VALUES = 200
"""Unmapped values shown at once, the most frequent first."""


@screen("code-lists/", name="code_lists")
class CodeListsView(ConsoleView):
    title = "Reference data"
    template_name = "console/rules/code_lists.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        places = lists_of_specs()
        counted = CodeList.objects.annotate(
            code_count=Count("codes", distinct=True), map_count=Count("mappings", distinct=True)
        )
        rows = []
        for each in counted:
            unmapped = unmapped_values(each.name)
            rows.append((each, places.get(each.name, []), len(unmapped), sum(u.records for u in unmapped)))
        return super().get_context_data(**kwargs, rows=rows)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code with its words by system, in the order of the columns."""

    code: Code
    words: list[list[CodeMapping]]


@screen("code-lists/<slug:name>/", name="code_list")
class CodeListView(ActingView):
    """`?code=` opens a code for editing."""

    template_name = "console/rules/code_list.html"
    acts: ClassVar = dict.fromkeys(("close", "open", "code", "map", "unmap", "adopt"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        listed = get_object_or_404(CodeList, pk=self.kwargs["name"])
        systems = list(SourceSystem.objects.filter(active=True))
        unmapped = unmapped_values(listed.name)
        rows = list(_rows(listed, [system.code for system in systems]))
        chosen = self.request.GET.get("code", "")
        used = [n for n, _ in enumerate(systems) if any(row.words[n] for row in rows)]
        return super().get_context_data(
            **kwargs,
            title=listed.title,
            listed=listed,
            places=lists_of_specs().get(listed.name, []),
            systems=systems,
            columns=[systems[n] for n in used],
            rows=[(row.code, [row.words[n] for n in used]) for row in rows],
            edited=next((row.code for row in rows if row.code.code == chosen), None),
            unmapped=unmapped[:MOST_VALUES],
            more=len(unmapped) - MOST_VALUES,
            held=sum(each.records for each in unmapped if each.held),
            may_edit=user_may(self.request, Capability.EDIT_RULES),
        )

    def act_close(self, request: HttpRequest) -> None:
        listed = save_list(name=self.kwargs["name"], closed=True, reason=_reason(request), now=utcnow())
        messages.success(
            request, f"{listed.title} is closed: values that are no code are held back from now on."
        )

    def act_open(self, request: HttpRequest) -> None:
        listed = save_list(name=self.kwargs["name"], closed=False, reason=_reason(request), now=utcnow())
        messages.success(request, f"{listed.title} is open: values are taken as they come.")

    def act_code(self, request: HttpRequest) -> str:
        first, last = _days(request)
        code = save_code(
            list_name=self.kwargs["name"],
            code=request.POST.get("code", "").strip(),
            title=request.POST.get("title", ""),
            valid_from=first,
            valid_to=last,
            now=utcnow(),
        )
        messages.success(request, f"{code.code} is saved; the records concerned are read again.")
        return reverse("admin:code_list", args=(self.kwargs["name"],))

    def act_map(self, request: HttpRequest) -> None:
        first, last = _days(request)
        row = map_value(
            list_name=self.kwargs["name"],
            system=request.POST.get("system", ""),
            external=request.POST.get("external", ""),
            code=request.POST.get("code", ""),
            inbound=request.POST.get("direction", "both") != "out",
            outbound=request.POST.get("direction", "both") != "in",
            valid_from=first,
            valid_to=last,
            now=utcnow(),
        )
        messages.success(request, f"“{row.external}” of {row.system_id} is {row.code.code} from now on.")

    def act_unmap(self, request: HttpRequest) -> None:
        chosen = request.POST.get("mapping", "")
        unmap_value(mapping_id=int(chosen) if chosen.isdecimal() else 0, now=utcnow())
        messages.success(request, "Forgotten; the records concerned are read again.")

    def act_adopt(self, request: HttpRequest) -> None:
        count = adopt_values(
            list_name=self.kwargs["name"], values=request.POST.getlist("value"), now=utcnow()
        )
        messages.success(request, f"{count} new code{'' if count == 1 else 's'}.")


def _rows(listed: CodeList, systems: list[str]) -> Iterator[CodeRow]:
    words: dict[int, dict[str, list[CodeMapping]]] = {}
    for mapping in CodeMapping.objects.filter(list=listed):
        words.setdefault(mapping.code_id, {}).setdefault(mapping.system_id, []).append(mapping)
    for code in listed.codes.all():
        own = words.get(code.pk, {})
        yield CodeRow(code, [own.get(system, []) for system in systems])


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:500]


def _days(request: HttpRequest) -> tuple[date | None, date | None]:
    return day_of(request.POST.get("valid_from", "")), day_of(request.POST.get("valid_to", ""))
