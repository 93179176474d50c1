"""The review queue on screen: one pair at a time, answered by button or key, the next one by htmx."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from apps.accounts.roles import Capability
from apps.console.masking import Sight, sight_of
from apps.console.matching.waterfall import picture_of, rows_of, wishes_of
from apps.console.permissions import user_may
from apps.console.reviews.comparing import compare_pair
from apps.console.reviews.queue import (
    find_pair,
    next_pair,
    pair_before,
    progress_of,
    standing_decision,
    upcoming_after,
    why_first,
)
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.core.clock import utcnow
from apps.core.errors import HubError, Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import CandidatePair, PairStatus, Verdict
from apps.matching.selectors import hides_strength, recall_pair
from apps.stewardship.services import decide_pair, take_back_decision


class DecisionForm(forms.Form):
    """A steward's answer to a pair."""

    verdict = forms.ChoiceField(choices=Verdict.choices)
    reason = forms.CharField(max_length=500, required=False)


class ReviewPage(ConsoleView):
    """What the queue and one pair share; `?entity=` narrows the queue."""

    template_name = "console/reviews/page.html"
    title = "Review queue"
    post_capability = Capability.DECIDE

    @property
    def entity_name(self) -> str:
        wanted = self.request.GET.get("entity", "")
        return wanted if wanted in entities else ""

    @property
    def partial(self) -> bool:
        """Tell whether htmx asks: it swaps in the pair alone."""
        return self.request.headers.get("HX-Request") == "true"

    def get_template_names(self) -> list[str]:
        return ["console/reviews/pair.html"] if self.partial else [self.template_name]

    def pair_context(self, pair: CandidatePair | None) -> dict[str, Any]:
        now, name = utcnow(), self.entity_name
        context: dict[str, Any] = {
            "entity_name": name,
            "specs": list(entities.values()),
            "progress": progress_of(self.request.user.get_username(), entity_name=name, now=now),
            "comparison": None,
            "partial": self.partial,
        }
        if pair is not None:
            spec = entity(pair.entity)
            clear = user_may(self.request, Capability.UNMASK)
            sight = sight_of(self.request, spec)
            context |= _evidence(spec, pair, sight) | {
                "spec": spec,
                "comparison": compare_pair(spec, pair, sight),
                "why_first": why_first(pair),
                "tells": not hides_strength(spec, clear=clear),
                "following": upcoming_after(pair, name, clear=clear),
                "previous": pair_before(pair, name),
                "is_open": pair.status == PairStatus.OPEN,
                "decision": standing_decision(pair),
            }
        return context


def _evidence(spec: EntitySpec, pair: CandidatePair, sight: Sight) -> dict[str, Any]:
    """Return the waterfall of what was seen when the pair was found, by the rule of then."""
    try:
        told = recall_pair(spec=spec, pair_id=pair.pk, clear=sight.clear)
    except HubError as failure:
        return {"evidence_failure": str(failure)}
    return {
        "told": told,
        "picture": picture_of(spec, told.then),
        "evidence_rows": rows_of(spec, told.then),
        "wishes": wishes_of(spec, told.then, limit=4),
    }


@screen("reviews/", name="reviews")
class ReviewQueueView(ReviewPage):
    """Start at the pair whose answer is worth most."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        first = next_pair(None, self.entity_name)
        pair = find_pair(first.pk) if first else None
        return super().get_context_data(**kwargs, **self.pair_context(pair))


@screen("reviews/<uuid:pk>/", name="review")
class ReviewPairView(ReviewPage):
    """One pair; POST answers it and shows the next one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **self.pair_context(self._pair(kwargs["pk"])))

    def _pair(self, pk: UUID) -> CandidatePair:
        pair = find_pair(pk)
        if pair is None:
            raise Http404("There is no such pair.")
        return pair

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        pair, form = self._pair(pk), DecisionForm(request.POST)
        if request.POST.get("act") == "take_back":
            return self._take_back(request, pair)
        if not form.is_valid():
            messages.error(request, "Choose MATCH or NOT A MATCH.")
            return redirect(reverse("admin:review", args=(pk,)))
        verdict = Verdict(form.cleaned_data["verdict"])
        decided = False
        with failures_as_messages(request):
            decide_pair(pair_id=pk, verdict=verdict, reason=form.cleaned_data["reason"], now=utcnow())
            decided = True
        if decided:
            said = "MATCH: merged" if verdict is Verdict.MATCH else "NOT A MATCH: kept apart"
            messages.success(
                request,
                format_html(
                    '{}. {} and {}. <a href="{}" data-key="u">Look again <span class="hub-kbd">u</span></a>',
                    said, pair.left.key, pair.right.key, self._address(pk),
                ),
            )  # fmt: skip
        shown = next_pair(pair, self.entity_name) if decided else pair
        address = self._address(shown.pk if shown else None)
        if not self.partial:
            return redirect(address)
        following = find_pair(shown.pk) if shown else None
        response = self.render_to_response(super().get_context_data(**self.pair_context(following)))
        response["HX-Push-Url"] = address
        return response

    def _address(self, pk: UUID | None) -> str:
        """Return where a pair, or without one the queue, is shown; of the same entities as now."""
        place = reverse("admin:review", args=(pk,)) if pk else reverse("admin:reviews")
        return f"{place}?entity={self.entity_name}" if self.entity_name else place

    def _take_back(self, request: HttpRequest, pair: CandidatePair) -> HttpResponse:
        """Withdraw a person's NOT A MATCH: the pair waits again, and rules may decide on it."""
        reason = request.POST.get("reason", "").strip()
        with failures_as_messages(request):
            if not reason:
                raise Invalid("Say why the decision is taken back.")
            decision = standing_decision(pair)
            if decision is None:
                raise Invalid("No decision stands on this pair any more.")
            take_back_decision(decision_id=decision.pk, reason=reason, now=utcnow())
            messages.success(request, "Taken back: the pair waits for an answer again.")
        return redirect(self._address(pair.pk))
