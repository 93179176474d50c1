"""People and service clients: who may do what."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import CAPABILITIES, Capability, Role
from apps.console.acts import ActingView
from apps.console.people.verbs import add_user, save_user
from apps.console.screens import screen
from apps.core.clock import utcnow


def roles_in(request: HttpRequest) -> list[Role]:
    """Return the roles ticked in a form, in their usual order."""
    ticked = set(request.POST.getlist("role"))
    return [role for role in Role if role.value in ticked]


def role_table() -> list[tuple[Role, list[str]]]:
    """Return each role with the capabilities it gives."""
    return [(role, [each.value for each in Capability if each in CAPABILITIES[role]]) for role in Role]


@screen("people/", name="people")
class PeopleView(ActingView):
    title = "People"
    template_name = "console/people/people.html"
    capability = Capability.ADMINISTER
    acts: ClassVar = {"add": Capability.ADMINISTER}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = Q(tokens__revoked_at__isnull=True) & (
            Q(tokens__expires_at__isnull=True) | Q(tokens__expires_at__gt=utcnow())
        )
        users = User.objects.annotate(live_tokens=Count("tokens", filter=live)).order_by(
            F("is_active").desc(), "username"
        )
        return super().get_context_data(**kwargs, users=list(users), roles=role_table())

    def act_add(self, request: HttpRequest) -> str:
        post = request.POST
        user = add_user(
            username=post.get("username", "").strip(),
            email=post.get("email", "").strip(),
            roles=roles_in(request),
            password=post.get("password", ""),
            is_service=bool(post.get("is_service")),
            now=utcnow(),
        )
        if user.is_service:
            messages.success(request, f"{user.username} is created; issue a token for it below.")
            return f"{reverse('admin:tokens')}?user={user.pk}"
        messages.success(request, f"{user.username} may sign in now.")
        return request.path


@screen("people/<int:user_id>/", name="person")
class PersonView(ActingView):
    template_name = "console/people/person.html"
    capability = Capability.ADMINISTER
    acts: ClassVar = {"save": Capability.ADMINISTER}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = get_object_or_404(User, pk=self.kwargs["user_id"])
        return super().get_context_data(
            **kwargs,
            title=f"User {user.username}",
            person=user,
            roles=role_table(),
            tokens=list(user.tokens.all()),
            granted=sorted(user.capabilities),
        )

    def act_save(self, request: HttpRequest) -> str:
        user = get_object_or_404(User, pk=self.kwargs["user_id"])
        save_user(
            user=user,
            email=request.POST.get("email", "").strip(),
            roles=roles_in(request),
            is_active=bool(request.POST.get("is_active")),
            owns=list(filter(None, (each.strip() for each in request.POST.get("owns", "").split(",")))),
            password=request.POST.get("password", ""),
            now=utcnow(),
        )
        messages.success(request, f"{user.username} is saved.")
        return reverse("admin:people")
