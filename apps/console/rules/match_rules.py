"""Match rules: thresholds, what is compared and how much it counts, blocking; draft, activate, roll back."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.permissions import user_may
from apps.console.rules.jobs import start_task
from apps.console.rules.versions import chosen_version, number_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.matching.models import MatchRule
from apps.matching.selectors import rule_summary
from apps.matching.services import draft_match_rule
from apps.pipeline.services import apply_match_rule

BUCKETS = 20
_SPREAD = """
SELECT least(width_bucket(probability, 0, 1, %(buckets)s), %(buckets)s) AS bucket, status, count(*)
FROM matching_candidatepair WHERE entity = %(entity)s GROUP BY 1, 2
"""
_COLOURS = {
    "auto": "#22c55e",
    "match": "#16a34a",
    "open": "#f59e0b",
    "not_match": "#ef4444",
    "obsolete": "#94a3b8",
}


def spread_chart(entity_name: str) -> dict[str, Any]:
    """Return how many stored pairs there are by probability and status, as a stacked bar chart."""
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, {"entity": entity_name, "buckets": BUCKETS})
        counts = {(bucket, status): count for bucket, status, count in cursor.fetchall()}
    found = {status for _, status in counts}
    return {
        "type": "bar",
        "stacked": True,
        "labels": [f"{100 * at // BUCKETS}%" for at in range(BUCKETS)],
        "datasets": [
            {
                "label": status.replace("_", " "),
                "data": [counts.get((at + 1, status), 0) for at in range(BUCKETS)],
                "backgroundColor": colour,
            }
            for status, colour in _COLOURS.items()
            if status in found
        ],
    }


@screen("match-rules/", name="match_rules")
class MatchRulesView(ActingView):
    title = "Match rules"
    template_name = "console/rules/match_rules.html"
    acts: ClassVar = {
        "thresholds": Capability.EDIT_RULES,
        "activate": Capability.EDIT_RULES,
        "rematch": Capability.OPERATE,
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        specs = [spec for spec in entities.values() if spec.match.features]
        spec = entity(query["entity"]) if query.get("entity") in {s.name for s in specs} else specs[0]
        rows = MatchRule.objects.filter(entity=spec.name).defer("model").order_by("-version")[:100]
        versions = list(rows)
        shown = chosen_version(versions, query)
        rule = rule_summary(shown)
        return super().get_context_data(
            **kwargs,
            versions=versions,
            shown=shown,
            spec=spec,
            specs=specs,
            rule=rule,
            match_percent=f"{100 * rule.match_threshold:g}",
            review_percent=f"{100 * rule.review_threshold:g}",
            band=f"{rule.match_threshold - rule.review_threshold:.3f}",
            rest=f"{1 - rule.match_threshold:.3f}",
            chart=spread_chart(spec.name),
            may_draft=user_may(self.request, Capability.EDIT_RULES),
        )

    def _page(self, rule: MatchRule) -> str:
        return f"{reverse('admin:match_rules')}?version={rule.version}&entity={rule.entity}"

    def act_thresholds(self, request: HttpRequest) -> str:
        try:
            match, review = (float(request.POST.get(name, "")) / 100 for name in ("match", "review"))
        except ValueError:
            raise Invalid("Thresholds are percentages.") from None
        rule = draft_match_rule(
            entity_name=request.POST.get("entity", ""),
            match=match,
            review=review,
            note=request.POST.get("note", "").strip()[:300],
            now=utcnow(),
        )
        messages.success(request, f"Draft v{rule.version} has these thresholds; activate it to use them.")
        return self._page(rule)

    def act_activate(self, request: HttpRequest) -> str:
        rule, _ = apply_match_rule(rule_id=number_of(request.POST.get("row", "")), now=utcnow())
        messages.success(
            request, f"Match rule v{rule.version} is active; a re-match applies it to all records."
        )
        return self._page(rule)

    def act_rematch(self, request: HttpRequest) -> str:
        start_task("pipeline.rematch", entity(request.POST.get("entity", "")).name)
        messages.success(request, "A worker compares all records again; this list shows how it goes.")
        return reverse("admin:match_runs")
