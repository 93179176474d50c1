"""Verbs on users and tokens."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Capability, Role


def create_user(
    *,
    username: str,
    roles: Iterable[Role],
    password: str | None = None,
    is_service: bool = False,
    email: str = "",
) -> User:
    """Create a user; administrators become superusers, everybody but service clients may open the admin."""
    granted = list(roles)
    user = User(
        username=username,
        email=email,
        roles=[role.value for role in granted],
        is_service=is_service,
        is_staff=not is_service,
        is_superuser=Role.ADMINISTRATOR in granted,
    )
    user.set_password(password)
    user.save()
    return user


def change_user(
    *, user: User, email: str, roles: Iterable[Role], is_active: bool, owns: Iterable[str] | None = None
) -> None:
    """Change what a user may do; whoever becomes or stops being an administrator, superuser too.

    `owns` names the systems or roles that a data owner answers for (none: all); None leaves them as they are.
    """
    granted = list(roles)
    user.email, user.is_active = email, is_active
    user.roles = [role.value for role in granted]
    user.is_superuser = Role.ADMINISTRATOR in granted
    user.owns = user.owns if owns is None else sorted(set(owns))
    user.save(update_fields=["email", "is_active", "roles", "is_superuser", "owns"])


def set_user_password(*, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def token_digest(token: str) -> bytes:
    """Return the 32 bytes under which a token is stored; tokens are 256 random bits, so no salt is needed."""
    return sha256(token.encode()).digest()


def issue_token(
    *, user: User, label: str, capabilities: Iterable[Capability] = (), expires_at: datetime | None = None
) -> str:
    """Create a token and return it in clear, the only time anyone can see it."""
    token = f"mdm_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user,
        label=label,
        prefix=token[:10],
        digest=token_digest(token),
        capabilities=[capability.value for capability in capabilities],
        expires_at=expires_at,
    )
    return token


def revoke_token(*, token: ApiToken, now: datetime) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)


def note_token_use(*, token: str, now: datetime) -> None:
    """Note when a token was last used, at most once in five minutes."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - timedelta(minutes=5))
    ApiToken.objects.filter(stale, digest=token_digest(token)).update(last_used_at=now)
