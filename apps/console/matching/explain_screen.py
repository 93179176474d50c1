"""Explain two records: find them, see why they are one or are not, and what would change that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from apps.accounts.roles import Capability
from apps.console.golden.header import head_or_404
from apps.console.golden.list_screen import spec_or_404
from apps.console.golden.searching import search_condition
from apps.console.masking import Sight, sight_of
from apps.console.matching.waterfall import picture_of, rows_of, wishes_of
from apps.console.screens import ConsoleView, screen
from apps.core.errors import HubError
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec
from apps.matching.selectors import NothingToExplain, PairExplanation, explain_cluster, explain_records

OFFERED = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """A golden record a search text may mean."""

    id: UUID
    code: str
    title: str


def offers_of(spec: EntitySpec, text: str, sight: Sight) -> list[Offer]:
    """Return live golden records that a text may mean, by identifiers first, else by words of the title."""
    condition, parameters = search_condition(spec, text, clear=sight.clear)
    statement = sql.SQL(
        "SELECT g.id, g.code, g.title FROM golden_goldenrecord g WHERE g.entity = %s AND g.status = 'live'"
        " AND {} ORDER BY g.title, g.id LIMIT %s"
    ).format(condition)
    with connection.cursor() as cursor:
        cursor.execute(statement, [spec.name, *parameters, OFFERED])
        return [Offer(pk, code, sight.title(title)) for pk, code, title in cursor.fetchall()]


def told_context(spec: EntitySpec, pair: PairExplanation, *, width: int = 560) -> dict[str, Any]:
    """Return what the templates of an explanation show."""
    return {
        "pair": pair,
        "rows": rows_of(spec, pair),
        "picture": picture_of(spec, pair, width=width),
        "wishes": wishes_of(spec, pair),
        "shared": [each for each in pair.passes if each.shared],
        "unshared": [each for each in pair.passes if not each.shared],
    }


@screen("explain/", name="explain")
class ExplainView(ConsoleView):
    """`?entity=&a=&b=`: golden ids or codes, system:key, or text to search by; `version`: an earlier match rule."""

    template_name = "console/matching/explain.html"
    title = "Explain two records"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        wanted = query.get("entity", "")
        spec = spec_or_404(wanted) if wanted else next(iter(entities.values()))
        sight = sight_of(self.request, spec)
        asked = [query.get(side, "").strip()[:200] for side in ("a", "b")]
        context: dict[str, Any] = {
            "spec": spec,
            "specs": list(entities.values()),
            "a": asked[0],
            "b": asked[1],
        }
        if any(asked):
            context |= self._answer(spec, sight, asked)
        return super().get_context_data(**kwargs, **context)

    def _answer(self, spec: EntitySpec, sight: Sight, asked: Sequence[str]) -> dict[str, Any]:
        version = self.request.GET.get("version", "")
        try:
            if not all(asked):
                raise NothingToExplain("Name the other record too.")
            found = explain_records(
                spec=spec, a=asked[0], b=asked[1], clear=sight.clear,
                version=int(version) if version.isdecimal() and len(version) < 9 else None,
            )  # fmt: skip
        except HubError as failure:
            offers = [offers_of(spec, text, sight) if text else [] for text in asked]
            return {"failure": str(failure), "offers_a": offers[0], "offers_b": offers[1]}
        return {"found": found, **told_context(spec, found.pair)}


@screen("golden/<slug:entity>/<uuid:pk>/links/", name="golden_links")
class ClusterView(ConsoleView):
    """How a golden record is held together; the Members tab loads it by htmx."""

    template_name = "console/matching/cluster.html"
    capability = Capability.VIEW

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        head = head_or_404(self.request, kwargs["entity"], kwargs["pk"])
        context: dict[str, Any] = {"head": head, "spec": head.spec}
        try:
            cluster = explain_cluster(spec=head.spec, reference=str(head.id), clear=head.sight.clear)
        except HubError as failure:
            return super().get_context_data(**kwargs, **context, failure=str(failure))
        context["cluster"] = cluster
        if cluster.weakest:
            line = cluster.weakest.line
            found = explain_records(
                spec=head.spec, a=str(line.left.id), b=str(line.right.id), clear=head.sight.clear
            )
            context |= told_context(head.spec, found.pair)
        return super().get_context_data(**kwargs, **context)
