"""Undo a merge or take members out: see both sides, choose what goes where, look at what follows, confirm."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.golden.consequences import Consequences, consequences_of
from apps.console.golden.forms import ReasonForm
from apps.console.golden.header import RecordHead, head_or_404
from apps.console.golden.merge_preview import PreviewRow, why_of
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.console.values import Named, names_of, parts_of, reference_ids, show_any, title_of
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.documents import load_documents
from apps.golden.spec import Document
from apps.mastering.contracts import Choices, Offer, Parting, Side
from apps.mastering.models import Merge
from apps.sources.models import Crosswalk
from apps.stewardship.services import offers_for, propose_unmerge, rehearse_unmerge

SIDES: dict[str, Side] = {"home": "home", "away": "away", "both": "both"}


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """One thing to be given to a side; `field` is its name in the form."""

    offer: Offer
    field: str
    title: str
    value: str
    record: Named | None
    side: str


@dataclass(frozen=True, slots=True)
class UnmergePreview:
    """Both records afterwards, as rows of (now, stays, leaves); what is offered; what follows."""

    parting: Parting
    home: str
    away: str
    leaving: list[str]
    staying: list[str]
    offers: list[ShownOffer]
    rows: list[PreviewRow]
    consequences: Consequences


@screen("golden/<slug:entity>/<uuid:pk>/unmerge/", name="golden_unmerge")
class UnmergeView(ConsoleView):
    """`?merge=` or `?member=` (several) say who leaves, `kind:key=side` who gets what; POST carries it out."""

    capability = Capability.DECIDE
    template_name = "console/golden/unmerge.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        return self._page(head, request.GET, ReasonForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(head, request.POST, form)
        with failures_as_messages(request):
            merge_id, members = asked(request.POST)
            done = propose_unmerge(
                record_id=head.id,
                merge_id=merge_id,
                source_record_ids=members,
                choices=chosen(request.POST),
                reason=form.cleaned_data["reason"],
                now=utcnow(),
            )
            if done.record_id is None:
                messages.success(request, "An approver was asked: it waits under Merges to approve.")
                return redirect(head.link)
            messages.success(request, "Taken apart: this record has its own again, and both are kept apart.")
            return redirect(reverse("admin:golden_record", args=(head.spec.name, done.record_id)))
        return self._page(head, request.POST, form)

    def _page(self, head: RecordHead, given: QueryDict, form: ReasonForm) -> HttpResponse:
        preview = None
        with failures_as_messages(self.request):
            preview = preview_unmerge(head, given)
        return self.render_to_response(
            self.get_context_data(
                title=f"Take apart {head.title}",
                head=head,
                spec=head.spec,
                preview=preview,
                form=form,
                merge=given.get("merge", ""),
                members=given.getlist("member"),
            )
        )


def asked(given: QueryDict) -> tuple[UUID | None, list[UUID]]:
    """Return the merge to undo, or the members to take out. Raises Invalid."""
    try:
        merge = UUID(str(given["merge"])) if given.get("merge") else None
        return merge, [UUID(each) for each in given.getlist("member")]
    except ValueError as error:
        raise Invalid("This is no id; reload the page.") from error


def chosen(given: QueryDict) -> Choices:
    """Return the sides that a form names, in fields such as "pin:<id>"."""
    found: dict[str, dict[str, Side]] = {"pin": {}, "member": {}, "request": {}, "child": {}}
    for field in given:
        kind, _, key = field.partition(":")
        if kind in found and str(given[field]) in SIDES:
            found[kind][key] = SIDES[str(given[field])]
    try:
        children = {}
        for key, side in found["child"].items():
            record, _, name = key.partition(":")
            children[UUID(record), name] = side
        return Choices(
            members={UUID(key): side for key, side in found["member"].items()},
            pins={UUID(key): side for key, side in found["pin"].items()},
            requests={UUID(key): side for key, side in found["request"].items()},
            children=children,
        )
    except ValueError as error:
        raise Invalid("This is no id; reload the page.") from error


def preview_unmerge(head: RecordHead, given: QueryDict) -> UnmergePreview:
    """Rehearse it with the choices made so far. Raises what taking apart raises."""
    merge_id, chosen_members = asked(given)
    choices = chosen(given)
    _, offers = offers_for(
        merge_id=merge_id, record_id=head.id, source_record_ids=chosen_members, choices=choices
    )
    # A member that goes to another side takes offers with it: what was chosen of those says nothing any more.
    choices = choices.among(offers)
    merge = Merge.objects.filter(pk=merge_id).first() if merge_id else None
    home = (merge.loser.merged_into_id or merge.survivor_id) if merge else head.id
    now = load_documents(head.spec, [home]).get(home, {})
    with rehearse_unmerge(
        now=utcnow(),
        merge_id=merge_id,
        record_id=head.id,
        source_record_ids=chosen_members,
        choices=choices,
    ) as (parting, correlation_id):
        documents = load_documents(head.spec, [parting.home, parting.away])
        titles = names_of([parting.home, parting.away], clear=head.sight.clear)
        consequences = consequences_of(correlation_id, [parting.home, parting.away], clear=head.sight.clear)
    after = [documents.get(record, {}) for record in (parting.home, parting.away)]
    members = Crosswalk.objects.filter(pk__in=[*parting.leaving, *parting.staying])
    labels = {each.pk: str(each) for each in members}
    return UnmergePreview(
        parting=parting,
        home=_called(titles, parting.home),
        away=_called(titles, parting.away) if not parting.is_new else "a new record",
        leaving=[labels.get(each, str(each)) for each in parting.leaving],
        staying=[labels.get(each, str(each)) for each in parting.staying],
        offers=_shown(head, offers, given),
        rows=_rows(head, now, *after),
        consequences=consequences,
    )


def _called(names: dict[str, Named], record: UUID) -> str:
    named = names.get(str(record))
    return f"{named.title or 'untitled'} ({named.code})" if named else str(record)


def _rows(head: RecordHead, now: Document, home: Document, away: Document) -> list[PreviewRow]:
    names = names_of(reference_ids(head.spec, now, home, away), clear=head.sight.clear)

    def text(name: str, document: Document) -> str:
        return show_any(head.spec, name, head.sight.value(name, document.get(name)), names)

    rows = [
        PreviewRow(
            part.title,
            text(part.name, now),
            text(part.name, home),
            text(part.name, away),
            why_of(away.get("provenance", {}), part.name),
        )
        for part in parts_of(head.spec)
    ]
    return [row for row in rows if row.survivor or row.loser or row.merged]


def _shown(head: RecordHead, offers: list[Offer], given: QueryDict) -> list[ShownOffer]:
    records = [offer.record_id for offer in offers if offer.kind == "child" and offer.record_id]
    referred = [offer.value for offer in offers if offer.kind == "pin" and _is_id(offer.value)]
    names = names_of([*records, *referred], clear=head.sight.clear)
    shown = []
    for offer in offers:
        field = f"{offer.kind}:{offer.key}"
        title, value = title_of(head.spec, offer.attribute), str(offer.value)
        if offer.kind == "pin":
            value = show_any(
                head.spec, offer.attribute, head.sight.value(offer.attribute, offer.value), names
            )
        elif offer.kind == "request":
            parts = (
                f"{title_of(head.spec, name)}: "
                + show_any(head.spec, name, head.sight.value(name, each), names)
                for name, each in offer.value.items()
            )
            title, value = "Proposal", "; ".join(parts)
        elif offer.kind == "child":
            title, value = offer.attribute.replace("_", " "), ""
        elif offer.kind == "member":
            title = f"joined by {offer.attribute}"
        side = given.get(field, "")
        shown.append(
            ShownOffer(
                offer,
                field,
                title,
                value,
                names.get(str(offer.record_id)),
                side if side in offer.options else offer.side,
            )
        )
    return shown


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
