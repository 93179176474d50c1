"""The OpenAPI document and the page that lets people try it."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import BrowserAuthentication, HubView
from apps.api.operations import Operation
from apps.api.schema.document import openapi_document


class OpenApiView(HubView):
    """The OpenAPI 3.1 document."""

    operations = {
        "get": Operation(
            id="get_openapi",
            summary="This document",
            needs=Capability.VIEW,
            answers={200: "OpenApi"},
        )
    }

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(openapi_document(), content_type="application/json")


class DocsView(SpectacularSwaggerView):
    """Swagger UI from the hub's own static files, for whoever is signed in to the admin site."""

    authentication_classes = (BrowserAuthentication,)
    permission_classes = (AllowAny,)
    renderer_classes = [TemplateHTMLRenderer]
    url_name = "openapi"
    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseRedirect(
                f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
            )
        page: Any = super()
        response: HttpResponse = page.get(request, *args, **kwargs)
        return response
