"""The tuning studio: a rule's effect on all live pairs, changed as a draft, simulated, activated, rolled back."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView, whoever_acts
from apps.console.masking import sight_of
from apps.console.matching.studio import (
    blocking_rows,
    examples_of,
    picture,
    shown_version,
    weight_rows,
)
from apps.console.permissions import user_may
from apps.console.rules.jobs import start_task
from apps.console.rules.versions import number_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import MatchRule
from apps.matching.selectors import hides_strength, is_current, rule_of_row, snapshot_for, studio_view
from apps.matching.services import (
    RuleEdit,
    discard_match_rule,
    draft_match_rule,
    edit_match_rule,
    former_match_rule,
    reset_weights,
)
from apps.pipeline.services import apply_match_rule, roll_back_match_rule
from apps.pipeline.simulating import is_stale, latest_simulation, report_of, start_simulation

LEVELS = range(1, 10)


def studio_specs() -> list[EntitySpec]:
    """Return the entities whose records are matched by similarity."""
    return [spec for spec in entities.values() if spec.match.strategy == "fuzzy"]


@screen("studio/", name="studio")
class StudioView(ActingView):
    """`?entity=&version=`; `?counts=1&match=&review=` answers exact counts, `?low=&high=` pairs at a score (bits)."""

    title = "Tuning studio"
    template_name = "console/matching/studio.html"
    acts: ClassVar = dict.fromkeys(
        ("draft", "save", "reset", "discard", "simulate", "activate", "rollback", "survey"),
        Capability.EDIT_RULES,
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "counts" in request.GET or "low" in request.GET:
            return self._answer(request)
        return super().get(request, *args, **kwargs)

    def _shown(self) -> tuple[EntitySpec, list[MatchRule], MatchRule]:
        specs, query = studio_specs(), self.request.GET
        spec = next((each for each in specs if each.name == query.get("entity")), specs[0])
        rows = list(MatchRule.objects.filter(entity=spec.name).order_by("-version")[:100])
        if not rows:
            raise Http404("There is no match rule yet; `manage.py seed_defaults` makes the default ones.")
        return spec, rows, shown_version(rows, query.get("version", ""))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        spec, _, shown = self._shown()
        rule = rule_of_row(shown)
        snapshot = snapshot_for(rule)
        if snapshot is None:
            raise Http404("Nothing was compared for this version yet.")
        view = studio_view(spec=spec, rule=rule, snapshot=snapshot)
        if "counts" in request.GET:
            match, review = (_number(request.GET.get(name, "")) for name in ("match", "review"))
            counts = view.counts(match, review)
            return JsonResponse({name: getattr(counts, name) for name in counts.__slots__})
        low, high = (_number(request.GET.get(name, "")) for name in ("low", "high"))
        sight = sight_of(request, spec)
        hidden = hides_strength(
            spec, clear=sight.clear
        )  # whoever names a score learns it of the pairs he gets
        found = [] if hidden else examples_of(spec, sight, view.examples(low, high))
        context = {
            "examples": found,
            "low": low,
            "high": high,
            "spec": spec,
            "shown": shown,
            "hidden": hidden,
        }
        return render(request, "console/matching/studio_examples.html", context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spec, rows, shown = self._shown()
        rule = rule_of_row(shown)
        snapshot = snapshot_for(rule)
        context: dict[str, Any] = {}
        if snapshot:
            view = studio_view(spec=spec, rule=rule, snapshot=snapshot)
            counts = view.counts(rule.config.match_threshold, rule.config.review_threshold)
            context = {
                "picture": picture(view, rule, counts),
                "counts": counts,
                "blocking": blocking_rows(snapshot),
                "current": is_current(snapshot),
            }
        simulation = latest_simulation(match_rule=shown.pk)
        author = {shown.created_by, *shown.editors}
        return super().get_context_data(
            **kwargs,
            **context,
            spec=spec,
            specs=studio_specs(),
            versions=rows,
            shown=shown,
            rule=rule,
            snapshot=snapshot,
            weights=weight_rows(spec, rule),
            match_percent=f"{100 * rule.config.match_threshold:.4g}",
            review_percent=f"{100 * rule.config.review_threshold:.4g}",
            editable=shown.status == "draft" and user_may(self.request, Capability.EDIT_RULES),
            may_edit=user_may(self.request, Capability.EDIT_RULES),
            own=settings.RULES_NEED_TWO and shown.status == "draft" and whoever_acts().name in author,
            former=former_match_rule(entity_name=spec.name) if shown.is_active else None,
            simulation=simulation,
            report=report_of(simulation) if simulation else None,
            stale=is_stale(simulation) if simulation and simulation.report else "",
        )

    def _page(self, rule: MatchRule) -> str:
        return f"{reverse('admin:studio')}?entity={rule.entity}&version={rule.version}"

    def _posted(self, request: HttpRequest) -> MatchRule:
        row = MatchRule.objects.filter(pk=number_of(request.POST.get("row", ""))).first()
        if row is None:
            raise Http404("There is no such version; reload the page.")
        return row

    def act_draft(self, request: HttpRequest) -> str:
        base = self._posted(request)
        draft = draft_match_rule(
            entity_name=base.entity,
            base_id=base.pk,
            match=_share(request, "match"),
            review=_share(request, "review"),
            note=request.POST.get("reason", "").strip()[:300],
            now=utcnow(),
        )
        messages.success(request, f"Draft v{draft.version} has these thresholds; it decides nothing yet.")
        return self._page(draft)

    def act_save(self, request: HttpRequest) -> str:
        rule = self._posted(request)
        names = [each.name for each in rule_of_row(rule).config.compared]
        weights = {
            name: tuple(_number(request.POST.get(f"w:{name}:{level}", "")) for level in LEVELS)
            for name in names
            if f"w:{name}:1" in request.POST
        }
        edit = RuleEdit(
            match=_share(request, "match"),
            review=_share(request, "review"),
            prior=_number(request.POST["prior"]) if request.POST.get("prior") else None,
            cap=round(_number(request.POST["cap"])) if request.POST.get("cap") else None,
            weights=weights,
            by_rarity={name: f"r:{name}" in request.POST for name in weights},
        )
        reason = request.POST.get("reason", "").strip()[:300]
        changed = edit_match_rule(rule_id=rule.pk, edit=edit, reason=reason, now=utcnow())
        messages.success(
            request, f"Saved: {changed} change{'' if changed == 1 else 's'} in draft v{rule.version}."
        )
        return self._page(rule)

    def act_reset(self, request: HttpRequest) -> str:
        rule = self._posted(request)
        name = request.POST.get("attribute", "")
        reset_weights(rule_id=rule.pk, attribute=name, now=utcnow())
        messages.success(request, f"{name.replace('_', ' ')} counts as it was learned again.")
        return self._page(rule)

    def act_discard(self, request: HttpRequest) -> str:
        rule = self._posted(request)
        discard_match_rule(rule_id=rule.pk, now=utcnow())
        messages.success(request, f"Draft v{rule.version} is gone.")
        return f"{reverse('admin:studio')}?entity={rule.entity}"

    def act_simulate(self, request: HttpRequest) -> str:
        simulation = start_simulation(match_rule=self._posted(request).pk, now=utcnow())
        return reverse("admin:simulation", args=(simulation.pk,))

    def act_activate(self, request: HttpRequest) -> str:
        rule, run = apply_match_rule(rule_id=self._posted(request).pk, now=utcnow())
        messages.success(
            request, f"Match rule v{rule.version} is active; a re-match applies it to all records."
        )
        return reverse("admin:match_run", args=(run.pk,)) if run else self._page(rule)

    def act_rollback(self, request: HttpRequest) -> str:
        rule, run = roll_back_match_rule(entity_name=self._posted(request).entity, now=utcnow())
        messages.success(
            request, f"Match rule v{rule.version} is active again; a re-match brings its golden records back."
        )
        return reverse("admin:match_run", args=(run.pk,)) if run else self._page(rule)

    def act_survey(self, request: HttpRequest) -> str:
        rule = self._posted(request)
        start_task("pipeline.survey", entity(rule.entity).name, rule.pk)
        messages.success(request, "A worker compares all records; reload the page in a moment.")
        return self._page(rule)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{text!r} is no number.") from None


def _share(request: HttpRequest, name: str) -> float | None:
    """Return a posted percentage as a probability; None where it was left as it is."""
    text = request.POST.get(name, "")
    return _number(text) / 100 if text else None
