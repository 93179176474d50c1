"""What golden records are called on delivery screens, personal titles masked."""

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.console.permissions import user_may
from apps.console.values import Named, names_of


def named(request: HttpRequest, ids: Iterable[UUID]) -> dict[str, Named]:
    """Return names by id as text, in one query."""
    return names_of(ids, clear=user_may(request, Capability.UNMASK))
