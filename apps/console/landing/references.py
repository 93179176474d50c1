"""References that wait for a record that has not come yet; they resolve by themselves when it comes."""

from typing import Any

from apps.console.landing.reading import waiting_groups, waiting_references
from apps.console.screens import ConsoleView, screen

SHOWN = 200


@screen("waiting-references/", name="waiting_references")
class WaitingReferencesView(ConsoleView):
    title = "Waiting references"
    template_name = "console/landing/references.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups = waiting_groups()
        return super().get_context_data(
            **kwargs,
            groups=groups,
            total=sum(count for _, _, count, _ in groups),
            rows=waiting_references(self.request.GET, size=SHOWN),
            shown=SHOWN,
            query=self.request.GET,
        )
