"""API tokens: issued once in clear, listed by their first characters, revoked."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.people.verbs import InvalidUser, add_token, end_token
from apps.console.screens import screen
from apps.core.clock import utcnow


def state_of(token: ApiToken) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= utcnow() else "live"


@screen("tokens/", name="tokens")
class TokensView(ActingView):
    title = "API tokens"
    template_name = "console/people/tokens.html"
    capability = Capability.ADMINISTER
    acts: ClassVar = {"issue": Capability.ADMINISTER, "revoke": Capability.ADMINISTER}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tokens = ApiToken.objects.select_related("user").order_by("-created_at")[:500]
        return super().get_context_data(
            **kwargs,
            rows=[(token, state_of(token)) for token in tokens],
            users=list(User.objects.filter(is_active=True).order_by("-is_service", "username")),
            chosen=self.request.GET.get("user", ""),
            capabilities=list(Capability),
        )

    def act_issue(self, request: HttpRequest) -> HttpResponse:
        """The answer is the only page that ever shows the token; like all of the site, no cache keeps it."""
        post = request.POST
        chosen, days = post.get("user", ""), post.get("days", "").strip()
        if days and not (days.isdecimal() and int(days)):
            raise InvalidUser("Days are a whole number; leave them empty for a token that does not expire.")
        user = get_object_or_404(User, pk=chosen if chosen.isdecimal() else 0)
        token = add_token(
            user=user,
            label=post.get("label", "").strip(),
            capabilities=[each for each in Capability if each.value in post.getlist("capability")],
            days=int(days) if days else None,
            now=utcnow(),
        )
        return self.show(new_token=token, new_for=user.username)

    def act_revoke(self, request: HttpRequest) -> None:
        chosen = request.POST.get("token", "")
        token = get_object_or_404(
            ApiToken.objects.select_related("user"), pk=chosen if chosen.isdecimal() else 0
        )
        end_token(token=token, now=utcnow())
        messages.success(request, f"{token} is revoked.")
