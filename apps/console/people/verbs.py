"""Verbs on users and tokens as administrators use them: each is audited, and nobody locks himself out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Capability, Role
from apps.accounts.services import change_user, create_user, issue_token, revoke_token, set_user_password
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Invalid
from apps.mastering.services import known_owners


class InvalidUser(Invalid):
    code = "invalid_user"
    title = "The user cannot be saved like this"


class LocksYouOut(Conflict):
    code = "locks_you_out"
    title = "You cannot take away your own administrator role or switch yourself off"


def _checked_password(password: str, user: User) -> str:
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise InvalidUser(" ".join(fault.messages)) from None
    return password


@transaction.atomic
def add_user(
    *, username: str, email: str, roles: Iterable[Role], password: str, is_service: bool, now: datetime
) -> User:
    """Create a person, or a service client that signs in by token only. Raises InvalidUser."""
    granted = list(roles)
    draft = User(username=username, email=email, is_service=is_service)
    try:
        draft.clean_fields(exclude=["password", "roles"])
    except ValidationError as fault:
        raise InvalidUser(" ".join(fault.messages)) from None
    if User.objects.filter(username__iexact=username).exists():
        raise InvalidUser(f"There is a user {username!r} already.")
    secret = None if is_service else _checked_password(password, draft)
    user = create_user(username=username, email=email, roles=granted, password=secret, is_service=is_service)
    record_deed(
        verb="user.created", now=now, subject=username, detail={"roles": user.roles, "service": is_service}
    )
    return user


@transaction.atomic
def save_user(
    *,
    user: User,
    email: str,
    roles: Iterable[Role],
    is_active: bool,
    password: str,
    now: datetime,
    owns: Iterable[str] = (),
) -> None:
    """Change roles, e-mail and state, and the password where one is given. Raises InvalidUser, LocksYouOut."""
    granted, answered = list(roles), list(owns)
    if strangers := sorted(set(answered) - set(known_owners())):
        raise InvalidUser(f"Neither a system nor a role of systems: {', '.join(strangers)}.")
    if user.pk == current().actor.user_id and (not is_active or Role.ADMINISTRATOR not in granted):
        raise LocksYouOut("Ask another administrator.")
    before = {"roles": list(user.roles), "active": user.is_active, "owns": list(user.owns)}
    change_user(user=user, email=email, roles=granted, is_active=is_active, owns=answered)
    if password:
        set_user_password(user=user, password=_checked_password(password, user))
    detail = {
        "before": before,
        "after": {"roles": user.roles, "active": is_active, "owns": user.owns},
        "password_set": bool(password),
    }
    record_deed(verb="user.saved", now=now, subject=user.username, detail=detail)


@transaction.atomic
def add_token(
    *, user: User, label: str, capabilities: Iterable[Capability], days: int | None, now: datetime
) -> str:
    """Issue a token and return it in clear, once. Raises InvalidUser."""
    if not label:
        raise InvalidUser("Give the token a label: what or who uses it.")
    narrowed = list(capabilities)
    beyond = [each for each in narrowed if not user.may(each)]
    if beyond:
        raise InvalidUser(
            f"{user.username} may not {', '.join(beyond)}; a token never allows more than its user."
        )
    expires_at = now + timedelta(days=days) if days else None
    token = issue_token(user=user, label=label, capabilities=narrowed, expires_at=expires_at)
    record_deed(
        verb="token.issued",
        now=now,
        subject=f"{user.username}: {label}",
        detail={"capabilities": narrowed, "days": days},
    )
    return token


@transaction.atomic
def end_token(*, token: ApiToken, now: datetime) -> None:
    """Revoke a token; whoever uses it is turned away from now on."""
    revoke_token(token=token, now=now)
    record_deed(verb="token.revoked", now=now, subject=f"{token.user.username}: {token.label}")
