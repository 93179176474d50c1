"""Find a golden record of any entity by code, key, identifier or words of its name; screens by their names."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.console.golden.listing import ListedRecord, Wanted, conditions_of, key_attributes, listed_records
from apps.console.masking import sight_of
from apps.console.navigation import icon_of, screens_called
from apps.console.screens import ConsoleView, screen
from apps.golden.registry import entities
from apps.golden.spec import Attribute, EntitySpec

SHOWN = 8
LIVE_FIRST = "(g.status = 'live') DESC, g.updated_at DESC, g.id DESC"


@dataclass(frozen=True, slots=True)
class Found:
    """The first records of one entity that a text finds; `more` where there are others."""

    spec: EntitySpec
    icon: str
    columns: tuple[Attribute, ...]
    records: list[ListedRecord]
    more: bool


@screen("find/", name="find")
class FindView(ConsoleView):
    """`?q=`; what finds one record and nothing else leads straight to it."""

    title = "Find"
    template_name = "console/find.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:200]
        found = [each for each in self._found(text) if each.records] if text else []
        screens = screens_called(request, text) if text else []
        records = [(each.spec, record) for each in found for record in each.records]
        if len(records) == 1 and not screens:
            [(spec, record)] = records
            return redirect(reverse("admin:golden_record", args=(spec.name, record.id)))
        context = self.get_context_data(**kwargs, found=found, found_for=text, screens=screens)
        return self.render_to_response(context)

    def _found(self, text: str) -> list[Found]:
        found = []
        for spec in entities.values():
            sight = sight_of(self.request, spec)
            conditions = conditions_of(spec, Wanted(q=text, record_status=""), sight)
            rows = listed_records(spec, conditions, sight, order=LIVE_FIRST, limit=SHOWN + 1)
            columns = key_attributes(spec)
            found.append(Found(spec, icon_of(spec), columns, rows[:SHOWN], len(rows) > SHOWN))
        return found
