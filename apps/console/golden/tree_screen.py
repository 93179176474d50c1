"""The tree a record stands in: drawn with totals, at any day and time, compared with another, and moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.roles import Capability
from apps.console.golden.forms import GoldenReferenceField, ReasonForm
from apps.console.golden.header import RecordHead, head_or_404
from apps.console.golden.moments import day_of, moment_of
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.core.clock import utcnow
from apps.core.errors import Denied
from apps.golden.spec import Trees
from apps.mastering.trees import (
    Amounts,
    Comparison,
    MovePreview,
    Tree,
    TreeNode,
    When,
    compare_trees,
    preview_move,
    tree_of,
)
from apps.stewardship.services import move_in_tree


@dataclass(frozen=True, slots=True)
class Line:
    """One node as a line: `guides` draw the branches, `marks` tell how it differs from the tree compared with."""

    node: TreeNode
    title: str
    link: str
    guides: tuple[str, ...]
    here: bool
    mark: str
    cells: tuple[tuple[list[str], list[str]], ...]  # (total, own) by measure, each by currency


@dataclass(frozen=True, slots=True)
class Drawing:
    """A tree ready for the template."""

    tree: Tree
    lines: tuple[Line, ...]


class MoveForm(ReasonForm):
    """Under whom, from which day, and why."""

    def __init__(self, head: RecordHead, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"] = GoldenReferenceField(target=head.spec, required=False)


@screen("golden/<slug:entity>/<uuid:pk>/tree/", name="golden_tree")
class TreeView(ConsoleView):
    """`?kind=` the tree, `?on=` the day, `?as_of=` what was known then; `?to_on=`, `?to_as_of=` compare with it.

    `?parent=` and `?first=` preview a move, POST carries it out.
    """

    template_name = "console/golden/tree.html"
    post_capability = Capability.DECIDE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head, trees = self._head(request, kwargs)
        kind = self._kind(trees)
        day = day_of(request.GET.get("on", "")) or timezone.localdate()
        when = When(day, moment_of(request.GET.get("as_of", "")))
        shown, compared, move = None, None, None
        with failures_as_messages(request):
            shown = tree_of(head.spec, str(head.id), kind, when)
            compared = self._compared(head, kind, when, shown)
            move = self._move(head, kind, when)
        drawing = _drawn(head, shown, compared[1] if compared else None) if shown else None
        return self.render_to_response(
            self.get_context_data(
                title=f"{head.title}: tree",
                head=head,
                spec=head.spec,
                kinds=trees.kinds,
                kind=kind,
                when=when,
                measures=[measure.name for measure in trees.measures],
                drawing=drawing,
                compared=compared,
                moved=[(head.sight.title(each.after.title), each) for each in compared[1].moved]
                if compared
                else [],
                move=move,
                may_move=head.live and user_may(request, Capability.DECIDE),
                given=request.GET,
            )
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head, trees = self._head(request, kwargs)
        if not head.live:
            raise Denied("Only a live record can be moved.")
        kind = self._kind(trees)
        form = MoveForm(head, request.POST)
        link = f"{reverse('admin:golden_tree', args=(head.spec.name, head.id))}?kind={kind}"
        if not form.is_valid():
            for name, faults in form.errors.items():
                messages.error(request, f"{name.capitalize()}: {' '.join(map(str, faults))}")
            return redirect(link)
        first = day_of(request.POST.get("first", ""))
        with failures_as_messages(request):
            applied = move_in_tree(
                record_id=head.id,
                kind=kind,
                parent_id=UUID(form.cleaned_data["parent"]) if form.cleaned_data["parent"] else None,
                first=first,
                reason=form.cleaned_data["reason"],
                now=utcnow(),
            )
            done = any(change.changed for change in applied.changes)
            text = "Moved." if done else "The move waits for an approver, as the policy asks."
            messages.success(request, text)
        return redirect(link)

    def _head(self, request: HttpRequest, kwargs: dict[str, Any]) -> tuple[RecordHead, Trees]:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        if head.spec.trees is None:
            raise Http404(f"{head.spec.plural.capitalize()} stand in no tree.")
        return head, head.spec.trees

    def _kind(self, trees: Trees) -> str:
        wanted = self.request.GET.get("kind", "")
        return wanted if wanted in trees.kinds else trees.kinds[0]

    def _compared(
        self, head: RecordHead, kind: str, when: When, shown: Tree
    ) -> tuple[When, Comparison] | None:
        """Return the other moment and what changed from it to the tree shown."""
        day, moment = (
            day_of(self.request.GET.get("to_on", "")),
            moment_of(self.request.GET.get("to_as_of", "")),
        )
        if day is None and moment is None:
            return None
        other = When(day or when.day, moment)
        return other, compare_trees(tree_of(head.spec, str(head.id), kind, other), shown)

    def _move(self, head: RecordHead, kind: str, when: When) -> dict[str, Any] | None:
        """Return what a move that is asked for would do."""
        if "parent" not in self.request.GET or when.as_of is not None:
            return None
        field = GoldenReferenceField(target=head.spec, required=False)
        text = self.request.GET["parent"]
        try:
            parent = field.clean(text)
        except Exception as fault:
            if not hasattr(fault, "messages"):
                raise
            messages.error(self.request, " ".join(fault.messages))
            return None
        first = day_of(self.request.GET.get("first", ""))
        preview = preview_move(head.spec, str(head.id), kind, parent, When(first or when.day))
        return {
            "parent": text,
            "first": first,
            "before": [_drawn(head, tree, None) for tree in preview.before],
            "after": [_drawn(head, tree, None) for tree in preview.after],
            "amounts": _told(_shift(head, preview)),
        }


def _shift(head: RecordHead, preview: MovePreview) -> dict[str, Amounts]:
    """Return by how much the total of each top differs."""
    tops = {tree.root.id: tree for tree in preview.before}
    return {
        head.sight.title(tree.root.title): compare_trees(tops[tree.root.id], tree).amounts
        for tree in preview.after
        if tree.root.id in tops
    }


def _told(shifts: dict[str, Amounts]) -> list[tuple[str, str]]:
    return [(title, _amounts(amounts)) for title, amounts in shifts.items() if amounts]


def _amounts(amounts: Amounts) -> str:
    return "; ".join(
        f"{measure} {', '.join(_sums(by_currency, signed=True))}" for measure, by_currency in amounts.items()
    )


def _sums(by_currency: Mapping[str, Decimal], *, signed: bool = False) -> list[str]:
    form = "{:+,.0f}" if signed else "{:,.0f}"
    return [f"{form.format(amount)} {code}".strip() for code, amount in sorted(by_currency.items())]


def _drawn(head: RecordHead, tree: Tree, comparison: Comparison | None) -> Drawing:
    marks = {}
    if comparison:
        marks = {node.id: "added" for node in comparison.added}
        marks |= {each.after.id: "moved" for each in comparison.moved}
    trees = head.spec.trees
    measures = [measure.name for measure in trees.measures] if trees else []
    last = _last_of_each_level(tree)
    open_levels: list[bool] = []
    lines = []
    for number, node in enumerate(tree.nodes):
        del open_levels[max(node.depth - 1, 0) :]
        guides = tuple("line" if more else "blank" for more in open_levels)
        if node.depth:
            guides += ("corner" if last[number] else "branch",)
            open_levels.append(not last[number])
        lines.append(
            Line(
                node=node,
                title=head.sight.title(node.title),
                link=reverse("admin:golden_record", args=(head.spec.name, node.id)),
                guides=guides,
                here=node.id == str(head.id),
                mark=marks.get(node.id, ""),
                cells=tuple(
                    (_sums(node.total.get(name, {})), _sums(node.own.get(name, {}))) for name in measures
                ),
            )
        )
    return Drawing(tree, tuple(lines))


def _last_of_each_level(tree: Tree) -> list[bool]:
    """Return for each node whether it is the last child of its parent."""
    seen: set[str | None] = set()
    last = [False] * len(tree.nodes)
    for number in range(len(tree.nodes) - 1, -1, -1):
        last[number] = tree.nodes[number].parent not in seen
        seen.add(tree.nodes[number].parent)
    return last
