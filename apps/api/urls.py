"""What stands under /api/: version 1, and a problem document for everything else."""

from typing import Any

from django.http import HttpResponse
from django.urls import include, path, re_path
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView
from apps.api.operations import Operation
from apps.core.errors import NotFound


class NowhereView(HubView):
    """Every address that is none, so that clients get a problem document and not a page."""

    schema: Any = None
    operations = {
        method: Operation(id="nowhere", summary="Nothing", needs=Capability.VIEW, answers={})
        for method in ("get", "post", "put", "patch", "delete")
    }

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Say so to anybody: which addresses exist is no secret."""

    def get(self, request: Request, rest: str) -> HttpResponse:
        raise NotFound("There is nothing at this address; see /api/v1/docs.")

    post = put = patch = delete = get


urlpatterns = [
    path("v1/", include("apps.api.v1.urls")),
    re_path(r"^(?P<rest>.*)$", NowhereView.as_view()),
]
