"""Whether the approval policy holds a merge or an unmerge back until an approver agrees."""

from collections.abc import Sequence
from uuid import UUID

from apps.golden.documents import load_documents
from apps.golden.spec import EntitySpec
from apps.mastering.services import NeedsApprover
from apps.stewardship.models import Operation
from apps.stewardship.selectors import active_policy

DUE_HOURS = 24
"""Hours an approver has for a merge that no policy speaks of."""


def policy_on(spec: EntitySpec, operation: Operation, ids: Sequence[UUID]) -> tuple[bool, int]:
    """Tell whether the active policy holds this operation for one of the records, and the hours it gives."""
    states, hours = active_policy().rules.get((spec.name, operation.value), (None, DUE_HOURS))
    if states is None:
        return False, hours
    documents = load_documents(spec, ids).values()
    return not states or any(document.get("status") in states for document in documents), hours


def why_held(spec: EntitySpec, operation: Operation) -> str:
    what = "Merges of" if operation == Operation.MERGE else "Unmerges of"
    return f"{what} {spec.plural} in this state need an approver."


def refuse_held(spec: EntitySpec, operation: Operation, ids: Sequence[UUID]) -> None:
    """Raise NeedsApprover where the active policy holds this operation for one of the records."""
    held, _ = policy_on(spec, operation, ids)
    if held:
        raise NeedsApprover(
            f"{why_held(spec, operation)} Propose it on the record's page: he is asked there."
        )
