"""The page of one golden record: a header and tabs, each tab reading only what it shows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.accounts.roles import Capability
from apps.console.acts import ActingView, whoever_acts
from apps.console.golden.header import RecordHead, head_or_404
from apps.console.golden.members import member_records
from apps.console.golden.relations import incoming, outgoing
from apps.console.golden.timeline import revisions_of
from apps.console.golden.values_tab import matrix, origin_of, value_groups
from apps.console.golden.writes import unheard_of, writes_shown
from apps.console.screens import screen
from apps.console.values import names_of, reference_ids
from apps.core.clock import utcnow
from apps.distribution.ledger import record_ledger
from apps.distribution.selectors import attempts_timeline, delivery_state
from apps.distribution.services import observe_record
from apps.mastering.explaining import explain_record
from apps.mastering.models import Merge, Pin
from apps.mastering.selectors import active_ownership
from apps.mastering.services import ANY
from apps.matching.models import CandidatePair, PairStatus
from apps.matching.selectors import hides_strength
from apps.monitoring.selectors import record_timeline
from apps.quality.services import assess_document
from apps.sources.models import Crosswalk
from apps.stewardship.models import ChangeRequest
from apps.stewardship.selectors import active_policy

TABS = {
    "values": "Golden values",
    "systems": "Systems side by side",
    "members": "Members",
    "relations": "Relationships",
    "history": "History",
    "decisions": "Decisions",
    "targets": "At the targets",
    "timeline": "Timeline",
}
ATTEMPTS = 60
DECISIONS = 50


@screen("golden/<slug:entity>/<uuid:pk>/", name="golden_record")
class GoldenRecordView(ActingView):
    """`?tab=` chooses the tab."""

    template_name = "console/golden/record.html"
    acts: ClassVar = {"observe": Capability.OPERATE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        head = head_or_404(self.request, kwargs["entity"], kwargs["pk"])
        tab = self.request.GET.get("tab", "values")
        if tab not in TABS:
            raise Http404(f"There is no tab {tab!r}.")
        parts: dict[str, Callable[[RecordHead], dict[str, Any]]] = {
            "values": self._values,
            "systems": self._systems,
            "members": self._members,
            "relations": self._relations,
            "history": self._history,
            "decisions": self._decisions,
            "targets": self._targets,
            "timeline": self._timeline,
        }
        return super().get_context_data(
            **kwargs,
            title=head.title,
            head=head,
            spec=head.spec,
            tab=tab,
            tabs=TABS,
            tab_template=f"console/golden/tab_{tab}.html",
            unmask=Capability.UNMASK.value,
            **parts[tab](head),
        )

    def _values(self, head: RecordHead) -> dict[str, Any]:
        spec, sight, document = head.spec, head.sight, head.document
        members = member_records(spec, head.id, sight)
        names = names_of(
            reference_ids(spec, document, *(member.values for member in members)), clear=sight.clear
        )
        now, ownership, state = utcnow(), active_ownership(), str(document.get("status", ""))
        place = str(document.get(spec.legal_entity) or ANY) if spec.legal_entity else ANY
        owners = {name: tuple(ownership.of(spec.name, name, state, place).owners) for name in spec.groups()}
        explained = explain_record(record_id=head.id, now=now)
        groups = value_groups(spec, document, members, names, owners, active_policy(), sight, explained)
        found = assess_document(spec=spec, document=head.values, record_id=head.id)
        return {
            "groups": groups,
            "members": members,
            "issues": [head.issue(issue.as_dict()) for issue in found.issues],
            "missing": missing_before_active(head),
            "pins": Pin.objects.filter(record_id=head.id, ended_at__isnull=True),
            "waiting_requests": ChangeRequest.objects.filter(record_id=head.id, status="pending"),
            "deliveries": delivery_state(record_id=head.id, now=now),
            "unheard": unheard_of(head, names),
        }

    def _systems(self, head: RecordHead) -> dict[str, Any]:
        members = member_records(head.spec, head.id, head.sight)
        names = names_of(
            reference_ids(head.spec, head.document, *(member.values for member in members)),
            clear=head.sight.clear,
        )
        rows = matrix(head.spec, head.document, members, names, head.sight)
        return {"members": members, "rows": rows, "origin_of": origin_of}

    def _members(self, head: RecordHead) -> dict[str, Any]:
        return {"members": member_records(head.spec, head.id, head.sight)}

    def _relations(self, head: RecordHead) -> dict[str, Any]:
        clear = head.sight.clear
        return {
            "outgoing": outgoing(head.spec, head.document, clear=clear),
            "incoming": incoming(head.spec, head.id, clear=clear),
        }

    def _history(self, head: RecordHead) -> dict[str, Any]:
        before = _moment(self.request.GET.get("before", ""))
        revisions, more = revisions_of(head.spec, head.id, head.sight, before=before)
        return {"revisions": revisions, "more": more}

    def _decisions(self, head: RecordHead) -> dict[str, Any]:
        merges = list(Merge.objects.filter(survivor_id=head.id)[:DECISIONS])
        merges += list(Merge.objects.filter(loser_id=head.id)[:DECISIONS])
        return {
            "requests": ChangeRequest.objects.filter(record_id=head.id).order_by("-requested_at")[:DECISIONS],
            "merges": merges,
            "merge_names": names_of(
                [each for merge in merges for each in (merge.survivor_id, merge.loser_id)],
                clear=head.sight.clear,
            ),
            "pairs": _pairs_of(head.id),
            "tells": not hides_strength(head.spec, clear=head.sight.clear),
            "writes": writes_shown(head),
        }

    def _targets(self, head: RecordHead) -> dict[str, Any]:
        return {
            "ledger": record_ledger(record_id=head.id, clear=head.sight.clear, now=utcnow()),
            "attempts": attempts_timeline(record_id=head.id, limit=ATTEMPTS),
        }

    def _timeline(self, head: RecordHead) -> dict[str, Any]:
        before = self.request.GET.get("before", "")
        likeness = not hides_strength(head.spec, clear=head.sight.clear)
        story = record_timeline(
            record_id=head.id,
            likeness=likeness,
            now=utcnow(),
            before=int(before) if before.isdecimal() else None,
        )
        return {"story": story}

    def act_observe(self, request: HttpRequest) -> None:
        """Ask one target for what it holds of this record."""
        target = request.POST.get("target", "")
        found = observe_record(target=target, record_id=self.kwargs["pk"], actor=whoever_acts(), now=utcnow())
        if found:
            messages.success(request, f"{target} was asked; what it holds stands under Observed.")
        else:
            messages.warning(request, f"{target} has no such record.")


def _pairs_of(record_id: UUID) -> list[CandidatePair]:
    """Return the newest candidate pairs one of whose sides is a member, open ones first."""
    members = Crosswalk.objects.filter(record_id=record_id).values("source_record_id")
    rows = CandidatePair.objects.filter(Q(left__in=members) | Q(right__in=members)).select_related(
        "left", "right"
    )
    pairs = list(rows.order_by("-found_at")[:DECISIONS])
    return sorted(pairs, key=lambda pair: pair.status != PairStatus.OPEN)


def missing_before_active(head: RecordHead) -> list[str]:
    """Return what an active record of this entity needs and this one does not have, as the rules tell it."""
    spec = head.spec
    if str(head.values.get("status")) in spec.lifecycle.active or not spec.lifecycle.active:
        return []
    as_active = {**head.values, "status": sorted(spec.lifecycle.active)[0]}
    found = assess_document(spec=spec, document=as_active, record_id=head.id)
    return [issue.message for issue in found.issues if issue.code.startswith("required.")]


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    return moment if moment and timezone.is_aware(moment) else utcnow()
