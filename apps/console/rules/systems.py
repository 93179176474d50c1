"""Source systems: role, what each has sent, and adding or changing one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.connectors.selectors import active_layouts
from apps.console.acts import ActingView
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.sources.models import SourceSystem, SystemRole
from apps.sources.services import save_system

_SENT = """
SELECT y.code, coalesce(s.records, 0), coalesce(s.pending, 0), l.last_at, coalesce(r.rejected, 0)
FROM sources_sourcesystem y
LEFT JOIN (SELECT system_id, count(*) AS records, count(pending_since) AS pending FROM sources_sourcerecord
    GROUP BY 1) s ON s.system_id = y.code
LEFT JOIN (SELECT system_id, max(started_at) AS last_at FROM sources_load GROUP BY 1) l ON l.system_id = y.code
LEFT JOIN (SELECT l.system_id, count(*) AS rejected FROM sources_rejectedrow r JOIN sources_load l ON l.id = r.load_id
    WHERE r.status = 'open' GROUP BY 1) r ON r.system_id = y.code
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a system has sent so far."""

    records: int
    pending: int
    last_at: datetime | None
    rejected: int


def sent_by_system() -> dict[str, Sent]:
    with connection.cursor() as cursor:
        cursor.execute(_SENT)
        return {code: Sent(*rest) for code, *rest in cursor.fetchall()}


@screen("systems/", name="systems")
class SystemsView(ActingView):
    title = "Source systems"
    template_name = "console/rules/systems.html"
    acts: ClassVar = {"save": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        systems, sent = list(SourceSystem.objects.all()), sent_by_system()
        layouts: dict[str, list[str]] = {}
        for name, layout in active_layouts().items():
            layouts.setdefault(layout.system, []).append(name)
        chosen = self.request.GET.get("edit", "")
        return super().get_context_data(
            **kwargs,
            rows=[(row, sent[row.code], layouts.get(row.code, [])) for row in systems],
            edited=next((row for row in systems if row.code == chosen), None),
            roles=SystemRole.choices,
            may_edit=user_may(self.request, Capability.EDIT_RULES),
        )

    def act_save(self, request: HttpRequest) -> str:
        post = request.POST
        system = save_system(
            code=post.get("code", "").strip(),
            name=post.get("name", "").strip(),
            role=post.get("role", ""),
            description=post.get("description", "").strip(),
            active=bool(post.get("active")),
            now=utcnow(),
        )
        messages.success(request, f"{system.name} is saved.")
        return request.path
