"""The page of one golden record."""

from apps.console.screens import ConsoleView, screen


@screen("golden/<slug:entity>/<uuid:pk>/", name="golden_record")
class GoldenRecordView(ConsoleView):
    template_name = "console/base.html"
