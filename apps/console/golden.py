"""Golden records: one searchable list per entity."""

from apps.console.screens import ConsoleView, screen


@screen("golden/<slug:entity>/", name="golden_list")
class GoldenListView(ConsoleView):
    template_name = "console/base.html"
