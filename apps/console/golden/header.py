"""What every page about one golden record starts with: its header, its document and how this user sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse

from apps.console.golden.list_screen import spec_or_404
from apps.console.masking import MASK, Sight, sight_of
from apps.console.values import title_of
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import Document, EntitySpec


@dataclass(frozen=True, slots=True)
class RecordHead:
    """A golden record on screen. `document` is unmasked and carries its provenance: mask what you show of it."""

    spec: EntitySpec
    header: GoldenRecord
    document: Document
    sight: Sight

    @property
    def id(self) -> UUID:
        return self.header.pk

    @property
    def title(self) -> str:
        return self.sight.title(self.header.title)

    @property
    def values(self) -> Document:
        return {name: value for name, value in self.document.items() if name != "provenance"}

    @property
    def state(self) -> str:
        return str(self.document.get("status", ""))

    @property
    def live(self) -> bool:
        return self.header.status == RecordStatus.LIVE

    @property
    def link(self) -> str:
        return reverse("admin:golden_record", args=(self.spec.name, self.header.pk))

    @property
    def survivor_link(self) -> str:
        return reverse("admin:golden_record", args=(self.spec.name, self.header.merged_into_id))

    @property
    def survivor_title(self) -> str:
        survivor = self.header.merged_into
        return f"{self.sight.title(survivor.title)} ({survivor.code})" if survivor else ""

    def issue(self, issue: Mapping[str, Any]) -> dict[str, Any]:
        """Return a quality issue with its attribute's title, its value masked where it is personal."""
        head, _, column = str(issue["attribute"]).partition(".")
        name = head.partition("[")[0]
        hidden = issue["value"] and self.sight.hides(name, column)
        return {**issue, "title": title_of(self.spec, name), "value": MASK if hidden else issue["value"]}


def head_or_404(request: HttpRequest, entity: str, pk: UUID) -> RecordHead:
    """Return the record, also a merged or retired one; Http404 for an unknown one."""
    spec = spec_or_404(entity)
    header = GoldenRecord.objects.select_related("merged_into").filter(pk=pk, entity=entity).first()
    if header is None:
        raise Http404(f"There is no {spec.label} {pk}.")
    document = load_documents(spec, [pk]).get(pk, {})
    return RecordHead(spec, header, document, sight_of(request, spec))
