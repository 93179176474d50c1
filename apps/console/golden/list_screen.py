"""The list of one entity's golden records: search, filters, keyset pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404

from apps.accounts.roles import Capability
from apps.console.golden.listing import COUNTED, Wanted, estimate_of, key_attributes, page_of
from apps.console.masking import Sight, sight_of
from apps.console.screens import ConsoleView, screen
from apps.console.values import names_of
from apps.golden.models import RecordStatus
from apps.golden.registry import entities
from apps.golden.spec import Attribute, EntitySpec, Kind
from apps.sources.models import SourceSystem

Edge = tuple[datetime, UUID]


def spec_or_404(name: str) -> EntitySpec:
    if name not in entities:
        raise Http404(f"There is no entity {name!r}.")
    return entities.get(name)


def _edge(text: str) -> Edge | None:
    moment, _, record_id = text.partition("|")
    try:
        return datetime.fromisoformat(moment), UUID(record_id)
    except ValueError:
        return None


def wanted_of(spec: EntitySpec, query: Mapping[str, str], sight: Sight) -> Wanted:
    """Return what a query string asks for; what makes no sense, or is hidden from this user, is left out."""
    filters = [name for name in spec.filters if not sight.hides(name)]
    low = query.get("quality_below", "")
    return Wanted(
        q=query.get("q", "").strip()[:200],
        record_status=query.get("record", RecordStatus.LIVE),
        system=query.get("system", ""),
        quality_below=int(low) if low.isdecimal() and int(low) <= 101 else None,
        attributes={name: query[name].strip() for name in filters if query.get(name, "").strip()},
        after=_edge(query.get("after", "")),
        before=_edge(query.get("before", "")),
    )


@screen("golden/<slug:entity>/", name="golden_list")
class GoldenListView(ConsoleView):
    """Newest change first; the number of matches is exact up to a thousand and an estimate beyond."""

    template_name = "console/golden/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spec = spec_or_404(kwargs["entity"])
        sight = sight_of(self.request, spec)
        wanted = wanted_of(spec, self.request.GET, sight)
        page = page_of(spec, wanted, sight)
        count, exact = estimate_of(spec, wanted, sight)
        return super().get_context_data(
            **kwargs,
            title=spec.plural.capitalize(),
            spec=spec,
            page=page,
            wanted=wanted,
            count=count,
            exact=exact,
            counted=COUNTED,
            columns=key_attributes(spec),
            record_statuses=RecordStatus.choices,
            systems=SourceSystem.objects.filter(active=True),
            filters=self._filters(spec, wanted, sight),
            hides_title=sight.hides_title,
            unmask=Capability.UNMASK.value,
        )

    def _filters(self, spec: EntitySpec, wanted: Wanted, sight: Sight) -> list[dict[str, Any]]:
        given = wanted.attributes
        references = [n for n in given if spec.attribute(n).kind is Kind.REFERENCE]
        names = names_of([given[n] for n in references if _is_uuid(given[n])], clear=sight.clear)
        return [
            {
                "attribute": attribute,
                "value": given.get(attribute.name, ""),
                "choices": self._choices(spec, attribute),
                "named": names.get(given.get(attribute.name, "")),
                "is_reference": attribute.kind is Kind.REFERENCE,
            }
            for attribute in map(spec.attribute, spec.filters)
            if not sight.hides(attribute.name)
        ]

    def _choices(self, spec: EntitySpec, attribute: Attribute) -> list[tuple[str, str]]:
        if attribute.kind is Kind.BOOLEAN:
            return [("true", "Yes"), ("false", "No")]
        states = spec.lifecycle.states if attribute.name == "status" else attribute.choices
        return [(state, state.replace("_", " ")) for state in states]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
