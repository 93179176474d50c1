"""The register of screens, and the base of every one: a capability, a title, one template."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView, View

from apps.accounts.roles import Capability
from apps.console.permissions import user_may
from apps.core.errors import HubError


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of the console: `route` below /admin/, reversed as "admin:<name>"."""

    route: str
    name: str
    view: Callable[..., HttpResponseBase]


screens: list[Screen] = []


def screen(route: str, *, name: str) -> Callable[[type[View]], type[View]]:
    """Register a view class as a screen of the admin site."""

    def register(view: type[View]) -> type[View]:
        if any(each.name == name for each in screens):
            raise ValueError(f"two screens are called {name!r}")
        screens.append(Screen(route, name, view.as_view()))
        return view

    return register


class CapabilityRequired(View):
    """Answer 403 unless the signed-in user has `capability` (for changes `post_capability`, if given)."""

    capability: ClassVar[Capability] = Capability.VIEW
    post_capability: ClassVar[Capability | None] = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = [self.capability]
        if request.method == "POST" and self.post_capability:
            wanted.append(self.post_capability)
        for each in wanted:
            if not user_may(request, each):
                raise PermissionDenied(f"It needs the capability “{each.value}”.")
        return super().dispatch(request, *args, **kwargs)


class ConsoleView(CapabilityRequired, TemplateView):
    """Base of a screen: the site's context and a title. Templates extend "console/base.html"."""

    title: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.title}
        return {**context, **super().get_context_data(**kwargs)}


@contextmanager
def failures_as_messages(request: HttpRequest) -> Iterator[None]:
    """Show an expected failure of the block as an error message instead of a broken page."""
    try:
        yield
    except HubError as failure:
        text = failure.title if failure.detail == failure.title else f"{failure.title}. {failure.detail}"
        messages.error(request, text)
