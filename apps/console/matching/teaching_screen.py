"""What people taught: labels at hand, one click to retrain, and the proof of each version on held-back labels."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.matching.patterns_screen import entity_choice
from apps.console.matching.waterfall import attribute_title
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import TrainingReport
from apps.matching.selectors import active_rule
from apps.matching.services import collect_labels, retrain_match_rule

CURVE_WIDTH, CURVE_HEIGHT, CURVE_PAD = 420.0, 150.0, 26.0
_MEASURES = (
    ("precision", "Precision", True),
    ("recall", "Recall", True),
    ("f1", "F1", True),
    ("log_loss", "Log loss, bits a label", False),
    ("calibration_error", "Calibration error", False),
)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure before and after; `tone` is better, worse or empty."""

    title: str
    before: float
    after: float
    tone: str


def measures_of(report: dict[str, Any]) -> list[MeasureRow]:
    """Return the measures of a report, each with whether it got better."""
    rows = []
    for name, title, more_is_better in _MEASURES:
        before, after = report["before"][name], report["after"][name]
        better = after > before if more_is_better else after < before
        rows.append(
            MeasureRow(title, before, after, "" if after == before else "better" if better else "worse")
        )
    return rows


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the learning curve, in pixels."""

    x: float
    f1_y: float
    loss_y: float
    labels: int
    f1: float
    loss: float


def curve_of(report: dict[str, Any]) -> list[Dot]:
    """Return the learning curve: F1 from 0 to 1 upwards, log loss scaled to its own largest value."""
    points = report["curve"]
    most = max((point["labels"] for point in points), default=1) or 1
    worst = max((point["log_loss"] for point in points), default=1.0) or 1.0
    height = CURVE_HEIGHT - 2 * CURVE_PAD

    def y(share: float) -> float:
        return round(CURVE_HEIGHT - CURVE_PAD - share * height, 1)

    return [
        Dot(
            round(CURVE_PAD + point["labels"] / most * (CURVE_WIDTH - 2 * CURVE_PAD), 1), y(point["f1"]),
            y(point["log_loss"] / worst), point["labels"], point["f1"], point["log_loss"],
        )
        for point in points
    ]  # fmt: skip


def scales_of(spec: EntitySpec, report: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return the attributes that count more or less than before, the largest change first."""
    paths = {feature.name: feature.path for feature in spec.match.features}
    changed = [
        (attribute_title(spec, name, (paths.get(base := name.partition(".")[0], base),)), before, after)
        for name, (before, after) in report["scales"].items()
        if abs(after - before) >= 0.005
    ]
    return sorted(changed, key=lambda each: -abs(each[2] - each[1]))


@screen("teaching/", name="teaching")
class TeachingView(ActingView):
    """`?entity=`, `?report=`: the version whose report is shown."""

    template_name = "console/matching/teaching.html"
    title = "What people taught"
    capability = Capability.DECIDE
    acts: ClassVar = {"retrain": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        spec = entity_choice(query)
        reports = list(
            TrainingReport.objects.filter(rule__entity=spec.name)
            .select_related("rule").defer("rule__model", "rule__config")[:20]
        )  # fmt: skip
        wanted = query.get("report", "")
        shown = next(
            (each for each in reports if str(each.rule.version) == wanted), reports[0] if reports else None
        )
        context: dict[str, Any] = {
            "spec": spec,
            "specs": [each for each in entities.values() if each.match.features],
            "reports": reports,
            "shown": shown,
        }
        try:
            rule = active_rule(spec.name)
            labels = collect_labels(spec, rule)
            context |= {"labels": labels, "others": len(labels) - labels.matches, "version": rule.version}
            context["people"] = labels.people.most_common(8)
            labels.demand_enough()
        except HubError as failure:
            context["too_few"] = str(failure)
        if shown:
            report = shown.report
            context |= {
                "report": report,
                "measures": measures_of(report),
                "curve": curve_of(report),
                "line_f1": " ".join(f"{dot.x},{dot.f1_y}" for dot in curve_of(report)),
                "line_loss": " ".join(f"{dot.x},{dot.loss_y}" for dot in curve_of(report)),
                "scales": scales_of(spec, report),
                "flips": report["flips"][:25],
                "better": report["after"]["log_loss"] < report["before"]["log_loss"],
            }
        return super().get_context_data(**kwargs, **context)

    def act_retrain(self, request: HttpRequest) -> str:
        spec = entity(request.POST.get("entity", ""))
        draft = retrain_match_rule(
            entity_name=spec.name, note=request.POST.get("note", "").strip()[:300], now=utcnow()
        )
        messages.success(request, f"Draft v{draft.version} has learned; simulate it, then activate it.")
        return f"{reverse('admin:teaching')}?entity={spec.name}&report={draft.version}"
