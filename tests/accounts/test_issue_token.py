"""`manage.py issue_token`: a token that works, for a known user or a new service client."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Capability, Role
from apps.accounts.selectors import principal_of_token
from apps.accounts.services import create_user
from apps.core.clock import utcnow

pytestmark = pytest.mark.django_db


def issued(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_known_user_gets_a_token_that_ends() -> None:
    create_user(username="reader", roles=[Role.VIEWER])
    token = issued("reader", "--label", "tour", "--days", "7")

    found = principal_of_token(token=token, now=utcnow())
    assert found is not None
    assert (found.username, found.capabilities) == ("reader", {Capability.VIEW})
    assert principal_of_token(token=token, now=utcnow() + timedelta(days=8)) is None
    assert ApiToken.objects.get().label == "tour"


def test_a_new_service_client_cannot_open_the_admin() -> None:
    token = issued("erp-feed", "--new", "integration")

    user = User.objects.get(username="erp-feed")
    assert (user.is_service, user.is_staff, user.roles) == (True, False, ["integration"])
    assert not user.has_usable_password()
    found = principal_of_token(token=token, now=utcnow() + timedelta(days=3650))
    assert found is not None
    assert found.may(Capability.POST_RECORDS)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(("nobody",), "no active user nobody"), (("reader", "--new", "viewer"), "a user reader already")],
)
def test_refusals_leave_nothing_behind(arguments: tuple[str, ...], reason: str) -> None:
    create_user(username="reader", roles=[Role.VIEWER])
    with pytest.raises(CommandError, match=reason):
        issued(*arguments)
    assert (User.objects.count(), ApiToken.objects.count()) == (1, 0)
