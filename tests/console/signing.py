"""Sign in as somebody of a role, open screens, press their buttons."""

from typing import Any

from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user


def person(role: Role, name: str = "") -> User:
    """Return the user of a role, made at first use."""
    username = name or f"the-{role.value.replace(' ', '-')}"
    return User.objects.filter(username=username).first() or create_user(username=username, roles=[role])


def signed_in(role: Role, name: str = "") -> Client:
    """Return a browser in which a person of this role is signed in."""
    client = Client(enforce_csrf_checks=False)
    client.force_login(person(role, name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, name: str, /, *args: Any, **query: str) -> str:
    """Return the HTML of a screen that must answer 200."""
    answer = client.get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def press(client: Client, name: str, /, *args: Any, query: str = "", **form: Any) -> Any:
    """POST a form of a screen and return the answer itself, redirects not followed."""
    answer: Any = client.post(f"{reverse(f'admin:{name}', args=args)}{query}", form)
    return answer


def told(client: Client, name: str, /, *args: Any, query: str = "", **form: Any) -> list[str]:
    """POST a form and return the messages that the next page shows."""
    answer = client.post(f"{reverse(f'admin:{name}', args=args)}{query}", form, follow=True)
    assert answer.status_code == 200, answer.status_code
    return [str(message) for message in answer.context["messages"]]
