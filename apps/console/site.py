"""The admin site of the stewards: Unfold's, with the screens of the console in front of the model pages."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from apps.accounts.roles import Capability
from apps.console.permissions import user_may
from apps.console.screens import screens


class SignInForm(AuthenticationForm):
    """The theme's form, ready to type into."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].widget.attrs["autofocus"] = True


class ConsoleSite(UnfoldAdminSite):
    """Open to active staff whose roles allow to view; each screen asks for its own capability besides."""

    index_title = "Dashboard"
    index_template = "console/dashboard.html"
    login_template = "console/login.html"
    login_form = SignInForm
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request)) and user_may(request, Capability.VIEW)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [path(each.route, self.admin_view(each.view), name=each.name) for each in screens]
        return [*own, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add `may`: what the signed-in user may do, by the name of the capability's member."""
        context: dict[str, Any] = super().each_context(request)
        context["may"] = {each.name.lower(): user_may(request, each) for each in Capability}
        return context
