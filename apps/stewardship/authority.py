"""Who may do what, asked inside the verbs themselves, so that no edge can forget it."""

from apps.accounts.models import User
from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.core.errors import Denied


def demand(capability: Capability) -> None:
    """Raise Denied unless whoever acts has the capability; the hub itself (no user) has all of them."""
    actor = current().actor
    if actor.user_id is None:
        if actor.kind == "system" and actor.name != "anonymous":
            return
        raise Denied("Sign in first.")
    if not User.objects.get(pk=actor.user_id).may(capability):
        raise Denied(f"Your roles do not include {capability.value!r}; ask an administrator.")
