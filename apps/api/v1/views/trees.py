"""The tree a record stands in, with amounts added up; at any day, as known at any time."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.masking import has_personal_title, sees_personal
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.core.clock import utcnow
from apps.golden.spec import EntitySpec
from apps.mastering.trees import Amounts, Tree, TreeNode, When, tree_of


def _parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    kinds = list(spec.trees.kinds) if spec.trees else []
    return (
        Parameter(
            "kind", {"type": "string", "enum": kinds}, "Which tree.", default=kinds[0] if kinds else None
        ),
        Parameter("on", {"type": "string", "format": "date"}, "Day on which the places are valid; today."),
        Parameter("as_of", {"type": "string", "format": "date-time"}, "Show the tree as it was known then."),
    )


class TreeView(HubView):
    """The whole tree in which a record stands."""

    operations = {
        "get": Operation(
            id="get_{entity}_tree",
            summary="The tree in which a {label} stands, with amounts added up per currency",
            description="Depth first from the ultimate parent. `own` are the amounts of a node, `total` those of all"
            " below it too; currencies are never added together. `cut`: deeper levels were left out.",
            needs=Capability.VIEW,
            answers={200: "Tree"},
            parameters=_parameters,
        )
    }

    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        when = When(self.given["on"] or utcnow().date(), self.given["as_of"])
        tree = tree_of(self.entity, str(record_id), self.given["kind"], when)
        masked = has_personal_title(self.entity) and not sees_personal(self.principal)
        return json_response(_told(tree, masked=masked))


def _told(tree: Tree, *, masked: bool) -> dict[str, Any]:
    return {
        "entity": tree.entity,
        "kind": tree.kind,
        "on": tree.when.day,
        "as_of": tree.when.as_of,
        "root": tree.root.id,
        "cut": tree.cut,
        "nodes": [_node(node, masked=masked) for node in tree.nodes],
    }


def _node(node: TreeNode, *, masked: bool) -> dict[str, Any]:
    return {
        "id": node.id,
        "code": node.code,
        "title": None if masked else node.title,
        "status": node.state,
        "parent": node.parent,
        "depth": node.depth,
        "own": _sums(node.own),
        "total": _sums(node.total),
    }


def _sums(amounts: Amounts) -> Mapping[str, Mapping[str, str]]:
    return {measure: {code: str(sum_) for code, sum_ in sums.items()} for measure, sums in amounts.items()}
