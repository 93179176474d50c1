"""A golden record as it was at a time, beside what it is now, and what each target knew of it then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.console.golden.header import head_or_404
from apps.console.golden.moments import moment_of
from apps.console.screens import ConsoleView, screen
from apps.console.values import names_of, reference_ids, show_any, title_of
from apps.core.clock import utcnow
from apps.core.json import dumps
from apps.distribution.knowledge import TargetKnowledge, known_to_targets
from apps.golden.models import GoldenRecord
from apps.golden.past import documents_at


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute then and now, as text."""

    title: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        return self.then != self.now


@screen("golden/<slug:entity>/<uuid:pk>/past/", name="golden_past")
class PastView(ConsoleView):
    """`?at=` is the time; without it, now."""

    template_name = "console/golden/past.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        head = head_or_404(self.request, kwargs["entity"], kwargs["pk"])
        at = moment_of(self.request.GET.get("at", "")) or utcnow()
        spec, sight = head.spec, head.sight
        then = documents_at(spec, [head.id], at).get(head.id, {})
        now = head.values
        names = names_of(reference_ids(spec, then, now), clear=sight.clear)
        parts = [*(each.name for each in spec.attributes), *(each.name for each in spec.collections)]
        lines = [
            Line(
                title_of(spec, name),
                show_any(spec, name, sight.value(name, then.get(name)), names),
                show_any(spec, name, sight.value(name, now.get(name)), names),
            )
            for name in parts
            if then.get(name) or now.get(name)
        ]
        return super().get_context_data(
            **kwargs,
            title=f"{head.title}: past",
            head=head,
            spec=spec,
            at=timezone.localtime(at),
            header=_header_at(head.header, at),
            lines=lines,
            targets=[(each, _fields(each)) for each in known_to_targets(record_id=head.id, at=at)],
        )


def _header_at(header: GoldenRecord, at: datetime) -> Any:
    """Return the header as it was, or None before the record existed."""
    history: Any = GoldenRecord.history
    return history.filter(id=header.pk, history_date__lte=at).order_by("-history_date", "-history_id").first()


def _fields(known: TargetKnowledge) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else dumps(value).decode())
        for name, value in (known.fields or {}).items()
        if value is not None
    ]
