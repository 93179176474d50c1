"""Writes that ownership rules did not accept, of all records: who tried what, and which rule kept it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet

from apps.console.golden.writes import ShownWrite, shown_write
from apps.console.masking import sight_of
from apps.console.paging import COUNTED, counted, newest_first
from apps.console.screens import ConsoleView, screen
from apps.console.values import names_of
from apps.golden.models import GoldenRecord
from apps.golden.registry import entities, entity
from apps.mastering.explaining import writes_in
from apps.mastering.models import WriteVerdict
from apps.mastering.services import STEWARD
from apps.sources.models import SourceSystem

KINDS: Mapping[str, str] = {
    "shadow": "Shadowed",
    "challenge": "Challenged",
    "reject": "Rejected",
    "flag:transition": "Steps outside the lifecycle",
}


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """A write with the record it was meant for."""

    record_id: UUID
    entity: str
    code: str
    title: str
    write: ShownWrite


@screen("verdicts/", name="verdicts")
class VerdictsView(ConsoleView):
    """`?verdict=`, `entity=`, `group=`, `writer=`; `past=1` shows what is no longer the writer's last word too."""

    title = "Verdicts on writes"
    template_name = "console/rules/verdicts.html"
    usual: ClassVar[str] = "shadow"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        verdict = query["verdict"] if query.get("verdict") in KINDS else self.usual
        rows = self._rows(verdict)
        page = newest_first(rows, query)
        spec = entities.get(query["entity"]) if query.get("entity") in entities else None
        return super().get_context_data(
            **kwargs,
            kinds=KINDS,
            verdict=verdict,
            page=page,
            writes=self._writes(page.rows, verdict),
            count=counted(rows),
            counted=COUNTED,
            specs=list(entities.values()),
            spec=spec,
            groups=spec.groups() if spec else (),
            writers=[STEWARD, *SourceSystem.objects.order_by("code").values_list("code", flat=True)],
        )

    def _rows(self, verdict: str) -> QuerySet[WriteVerdict, WriteVerdict]:
        query = self.request.GET
        group = query.get("group", "")
        outcome = f"{group}:{verdict}" if group and ":" not in verdict else verdict
        rows = WriteVerdict.objects.exclude(outcomes=[]).filter(outcomes__contains=[outcome])
        if query.get("entity") in entities:
            rows = rows.filter(entity=query["entity"])
        if query.get("writer"):
            rows = rows.filter(writer=query["writer"])
        if query.get("record"):
            rows = rows.filter(record__code=query["record"].strip().upper())
        if not query.get("past"):
            rows = rows.filter(ended_at=None) | rows.filter(writer=STEWARD)
        return rows

    def _writes(self, rows: list[WriteVerdict], verdict: str) -> list[RecordWrite]:
        headers = GoldenRecord.objects.in_bulk([row.record_id for row in rows])
        group, found = self.request.GET.get("group", ""), []
        for row in rows:
            spec, header = entity(row.entity), headers[row.record_id]
            sight = sight_of(self.request, spec)
            for write in writes_in(row, every=True):
                wanted = verdict.removeprefix("flag:") in write.flags or write.verdict == verdict
                if wanted and group in ("", write.group):
                    shown = shown_write(spec, write, names_of((), clear=sight.clear), sight)
                    title = sight.title(header.title)
                    found.append(RecordWrite(header.pk, row.entity, header.code, title, shown))
        return found
