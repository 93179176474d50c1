"""Addresses of version 1: shared ones, and the same set for every registered entity."""

from collections.abc import Iterator

from django.urls import URLPattern, path

from apps.api.v1.views.changes import ChangesView
from apps.api.v1.views.documents import DocsView, OpenApiView
from apps.api.v1.views.exceptions import (
    AssignExceptionView,
    ExceptionsView,
    ExceptionView,
    ResolveExceptionView,
    WaiveExceptionView,
)
from apps.api.v1.views.explaining import ExplainRecordView, ExplainView
from apps.api.v1.views.finding import MatchView, SearchView
from apps.api.v1.views.loads import LoadsView, LoadView, PostRecordsView, RejectedRowsView, ReplayView
from apps.api.v1.views.pairs import AnswerPairView, DecisionsView, PairsView, WithdrawView
from apps.api.v1.views.records import ExportView, LookupView, RecordsView, RecordView
from apps.api.v1.views.requests import ApproveView, ChangeRequestsView, ChangeRequestView, RejectView
from apps.api.v1.views.stories import (
    DeliveriesView,
    HistoryView,
    KnownView,
    LedgerView,
    MembersView,
    ProvenanceView,
    RedirectsView,
    WritesView,
)
from apps.api.v1.views.trees import TreeView
from apps.api.v1.views.webhooks import WebhookView
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec


def entity_addresses(spec: EntitySpec) -> Iterator[URLPattern]:
    """Yield the addresses of one entity."""
    plural = spec.plural
    yield path(plural, RecordsView.as_view(spec=spec), name=f"{spec.name}-list")
    for name, view in (
        ("export", ExportView),
        ("lookup", LookupView),
        ("search", SearchView),
        ("match", MatchView),
    ):
        yield path(f"{plural}/{name}", view.as_view(spec=spec), name=f"{spec.name}-{name}")
    yield path(f"{plural}/explain", ExplainView.as_view(spec=spec), name=f"{spec.name}-explain")
    yield from pair_addresses(spec)
    one = f"{plural}/<uuid:record_id>"
    yield path(one, RecordView.as_view(spec=spec), name=spec.name)
    for name, story in (
        ("history", HistoryView),
        ("members", MembersView),
        ("provenance", ProvenanceView),
        ("writes", WritesView),
        ("deliveries", DeliveriesView),
        ("known", KnownView),
        ("ledger", LedgerView),
        ("redirects", RedirectsView),
    ):
        yield path(f"{one}/{name}", story.as_view(spec=spec), name=f"{spec.name}-{name}")
    yield path(f"{one}/explain", ExplainRecordView.as_view(spec=spec), name=f"{spec.name}-explained")
    if spec.trees:
        yield path(f"{one}/tree", TreeView.as_view(spec=spec), name=f"{spec.name}-tree")


def pair_addresses(spec: EntitySpec) -> Iterator[URLPattern]:
    """Yield the addresses of an entity's pairs and of people's decisions on them."""
    plural, name = spec.plural, spec.name
    yield path(f"{plural}/pairs", PairsView.as_view(spec=spec), name=f"{name}-pairs")
    answer = AnswerPairView.as_view(spec=spec)
    yield path(f"{plural}/pairs/<uuid:pair_id>/decide", answer, name=f"{name}-decide")
    yield path(f"{plural}/decisions", DecisionsView.as_view(spec=spec), name=f"{name}-decisions")
    withdraw = WithdrawView.as_view(spec=spec)
    yield path(f"{plural}/decisions/<uuid:decision_id>/withdraw", withdraw, name=f"{name}-withdraw")


urlpatterns = [
    path("openapi.json", OpenApiView.as_view(), name="openapi"),
    path("docs", DocsView.as_view(), name="docs"),
    path("changes", ChangesView.as_view(), name="changes"),
    path("records", PostRecordsView.as_view(), name="records"),
    path("loads", LoadsView.as_view(), name="loads"),
    path("loads/<uuid:load_id>", LoadView.as_view(), name="load"),
    path("loads/<uuid:load_id>/rejected-rows", RejectedRowsView.as_view(), name="rejected-rows"),
    path("rejected-rows/<uuid:row_id>/replay", ReplayView.as_view(), name="replay"),
    path("webhooks/<slug:connection>", WebhookView.as_view(), name="webhook"),
    path("change-requests", ChangeRequestsView.as_view(), name="change-requests"),
    path("change-requests/<uuid:request_id>", ChangeRequestView.as_view(), name="change-request"),
    path("change-requests/<uuid:request_id>/approve", ApproveView.as_view(), name="approve"),
    path("change-requests/<uuid:request_id>/reject", RejectView.as_view(), name="reject"),
    path("exceptions", ExceptionsView.as_view(), name="exceptions"),
    path("exceptions/<uuid:task_id>", ExceptionView.as_view(), name="exception"),
    path("exceptions/<uuid:task_id>/waive", WaiveExceptionView.as_view(), name="waive-exception"),
    path("exceptions/<uuid:task_id>/resolve", ResolveExceptionView.as_view(), name="resolve-exception"),
    path("exceptions/<uuid:task_id>/assign", AssignExceptionView.as_view(), name="assign-exception"),
    *(address for spec in entities.values() for address in entity_addresses(spec)),
]
