"""What the signed-in user may do: the one place where screens and model pages ask."""

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.accounts.roles import Capability


def user_may(request: HttpRequest, capability: Capability) -> bool:
    """Tell whether the signed-in user has a capability; nobody signed in has none."""
    return isinstance(request.user, User) and request.user.may(capability)


class CapabilityAdmin(ModelAdmin):
    """A model page that asks the roles instead of Django's model permissions; without `change_capability` read-only.

    Adding and deleting are closed unless `may_add`, `may_delete` open them to whoever may change.
    """

    view_capability: ClassVar[Capability] = Capability.VIEW
    change_capability: ClassVar[Capability | None] = None
    may_add: ClassVar[bool] = False
    may_delete: ClassVar[bool] = False
    list_fullwidth = True
    compressed_fields = True

    def _may_change(self, request: HttpRequest) -> bool:
        return self.change_capability is not None and user_may(request, self.change_capability)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return user_may(request, self.view_capability)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return user_may(request, self.view_capability)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may_change(request)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return self.may_add and self._may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_delete and self._may_change(request)
