"""Decide by pattern: open pairs that agree and differ alike, a random sample of them, one answer, and undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.golden.list_screen import spec_or_404
from apps.console.masking import Sight, sight_of
from apps.console.matching.waterfall import attribute_title
from apps.console.paging import uuid_of
from apps.console.reviews.comparing import Comparison, compare_pair
from apps.console.rules.jobs import start_task
from apps.console.screens import ConsoleView, screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import CandidatePair, PairDecision, PatternDecision, Verdict
from apps.matching.selectors import (
    Pattern,
    open_patterns,
    pattern_sample,
    said_of_pattern,
    signature_parts,
)
from apps.stewardship.services import (
    decide_pattern,
    restore_pattern,
    settle_pattern,
    undo_pattern,
)

AT_ONCE = 40
"""Pairs that are settled while the person waits; more of them are left to a worker."""
SAMPLE = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One attribute of a signature on screen."""

    title: str
    kind: str


def parts_of_signature(spec: EntitySpec, signature: str) -> list[Part]:
    """Return a signature in words, what agrees first."""
    paths = {feature.name: feature.path for feature in spec.match.features}
    order = ("equal", "near", "partly", "different")
    found = [
        Part(attribute_title(spec, name, (paths.get(base := name.partition(".")[0], base),)), kind)
        for name, kind in signature_parts(signature)
    ]
    return sorted(found, key=lambda part: (order.index(part.kind), part.title))


def entity_choice(query: Mapping[str, str]) -> EntitySpec:
    """Return the entity a query names; by default the first one that is compared by similarity."""
    wanted = query.get("entity", "")
    compared = [spec for spec in entities.values() if spec.match.features]
    return spec_or_404(wanted) if wanted else compared[0]


@screen("patterns/", name="patterns")
class PatternsView(ConsoleView):
    """`?entity=`: its open pairs by evidence signature, those worth most first; decisions made before."""

    template_name = "console/matching/patterns.html"
    title = "Decide by pattern"
    capability = Capability.DECIDE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spec = entity_choice(self.request.GET)
        found = open_patterns(entity=spec.name)
        return super().get_context_data(
            **kwargs,
            spec=spec,
            specs=[each for each in entities.values() if each.match.features],
            patterns=[(each, parts_of_signature(spec, each.signature), _query(each)) for each in found],
            decisions=[
                (each, parts_of_signature(spec, each.signature))
                for each in PatternDecision.objects.filter(entity=spec.name)[:20]
            ],
        )


def _query(pattern: Pattern) -> str:
    return urlencode({"entity": pattern.entity, "signature": pattern.signature})


@screen("patterns/one/", name="pattern")
class PatternView(ActingView):
    """`?entity=&signature=`: a random sample side by side, then one answer for all."""

    template_name = "console/matching/pattern.html"
    title = "Decide one pattern"
    capability = Capability.DECIDE
    acts: ClassVar = {"decide": Capability.DECIDE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spec, query = entity_choice(self.request.GET), self.request.GET
        signature = query.get("signature", "")[:2000]
        pattern = next(
            (
                each
                for each in open_patterns(entity=spec.name, least=1, limit=10_000)
                if each.signature == signature
            ),
            None,
        )
        seed = query.get("draw", "1")[:20]
        drawn = pattern_sample(entity=spec.name, signature=signature, seed=seed, size=SAMPLE)
        return super().get_context_data(
            **kwargs,
            spec=spec,
            signature=signature,
            parts=parts_of_signature(spec, signature),
            pattern=pattern,
            before=said_of_pattern(entity=spec.name, signature=signature),
            sample=_compared(spec, [pair for pair, _ in drawn], sight_of(self.request, spec)),
            redraw=int(seed) + 1 if seed.isdecimal() else 2,
        )

    def act_decide(self, request: HttpRequest) -> str:
        verdict = request.POST.get("verdict", "")
        if verdict not in Verdict.values:
            raise Invalid("Choose MATCH or NOT A MATCH.")
        checked = [found for text in request.POST.getlist("agrees") if (found := uuid_of(text))]
        shown = request.POST.getlist("shown")
        if len(checked) < len(set(shown)):
            raise Invalid(
                "Tick every pair of the sample that has the same answer; one that has not shows that the pattern"
                " is not clean: decide its pairs one by one."
            )
        decision = decide_pattern(
            entity_name=entity_choice(request.GET).name,
            signature=request.GET.get("signature", ""),
            verdict=Verdict(verdict),
            reason=request.POST.get("reason", "")[:500],
            checked=checked,
            now=utcnow(),
        )
        if decision.pairs <= AT_ONCE:
            settle_pattern(pattern_id=decision.pk, now=utcnow())
        else:
            start_task("stewardship.settle_pattern", str(decision.pk))
        return reverse("admin:pattern_decision", args=(decision.pk,))


def _compared(spec: EntitySpec, ids: Sequence[UUID], sight: Sight) -> list[Comparison]:
    rows = CandidatePair.objects.select_related("left__system", "right__system").in_bulk(ids)
    return [compare_pair(spec, rows[pk], sight) for pk in ids if pk in rows]


@screen("patterns/<uuid:pk>/", name="pattern_decision")
class PatternDecisionView(ActingView):
    """A decision on a pattern: how far it is, what was refused, and the way back."""

    template_name = "console/matching/pattern_decision.html"
    title = "Decision on a pattern"
    capability = Capability.DECIDE
    acts: ClassVar = {"undo": Capability.DECIDE, "go_on": Capability.DECIDE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decision = self._decision()
        standing = PairDecision.objects.filter(pattern=decision, withdrawn_at__isnull=True).count()
        return super().get_context_data(
            **kwargs,
            decision=decision,
            spec=entity(decision.entity),
            parts=parts_of_signature(entity(decision.entity), decision.signature),
            standing=standing,
            share=round(100 * standing / decision.pairs) if decision.pairs else 100,
        )

    def _decision(self) -> PatternDecision:
        decision = PatternDecision.objects.filter(pk=self.kwargs["pk"]).first()
        if decision is None:
            raise Http404("There is no such decision.")
        return decision

    def act_undo(self, request: HttpRequest) -> str:
        decision = undo_pattern(
            pattern_id=self.kwargs["pk"], reason=request.POST.get("reason", "")[:500], now=utcnow()
        )
        return self._carry_on(request, decision)

    def act_go_on(self, request: HttpRequest) -> str:
        return self._carry_on(request, self._decision())

    def _carry_on(self, request: HttpRequest, decision: PatternDecision) -> str:
        undoing = decision.status == PatternDecision.Status.UNDOING
        if decision.pairs <= AT_ONCE:
            carry_out = restore_pattern if undoing else settle_pattern
            done = carry_out(pattern_id=decision.pk, now=utcnow())
            said = (
                "Taken back: its pairs wait again."
                if undoing
                else f"Carried out: {done.get_status_display()}."
            )
            messages.success(request, said)
        else:
            start_task(
                "stewardship.restore_pattern" if undoing else "stewardship.settle_pattern", str(decision.pk)
            )
        return str(redirect("admin:pattern_decision", pk=decision.pk).url)
