"""Who may do what, asked inside the verbs themselves, so that no edge can forget it."""

from apps.accounts.models import User
from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.core.errors import Denied
from apps.sources.models import SourceSystem


def demand(capability: Capability) -> None:
    """Raise Denied unless whoever acts has the capability; the hub itself (no user) has all of them."""
    actor = current().actor
    if actor.user_id is None:
        if actor.kind == "system" and actor.name != "anonymous":
            return
        raise Denied("Sign in first.")
    if not User.objects.get(pk=actor.user_id).may(capability):
        raise Denied(f"Your roles do not include {capability.value!r}; ask an administrator.")


def answers_for(owner: str) -> bool:
    """Tell whether whoever acts is a data owner of a system, or of a role of systems; the hub itself is of all."""
    actor = current().actor
    if actor.user_id is None:
        return actor.kind == "system" and actor.name != "anonymous"
    user = User.objects.get(pk=actor.user_id)
    systems = SourceSystem.objects.filter(role=owner).values_list("code", flat=True)
    return any(user.answers_for(name) for name in (owner, *systems))


def demand_owner(owner: str) -> None:
    """Raise Denied unless whoever acts is a data owner of the system or role."""
    if not answers_for(owner):
        raise Denied(f"Only a data owner of {owner!r} answers this; ask an administrator who that is.")
