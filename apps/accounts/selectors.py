"""Reads on users and tokens."""

from datetime import datetime

from django.db.models import Q

from apps.accounts.contracts import Principal
from apps.accounts.models import ApiToken
from apps.accounts.roles import Capability
from apps.accounts.services import token_digest


def principal_of_token(*, token: str, now: datetime) -> Principal | None:
    """Return who a live token speaks for, or None when it is unknown, expired or revoked."""
    row = (
        ApiToken.objects.select_related("user")
        .filter(digest=token_digest(token), revoked_at__isnull=True, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .first()
    )
    if row is None:
        return None
    granted = row.user.capabilities
    if row.capabilities:
        granted &= {Capability(name) for name in row.capabilities}
    return Principal(user_id=row.user_id, username=row.user.username, capabilities=granted)
