"""The address space: the stewards' admin site, the REST API and the health probes."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from mdm.health import health, ready

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/"), name="home"),
    path("health", health, name="health"),
    path("ready", ready, name="ready"),
    path("api/", include("apps.api.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "apps.console.errors.bad_request"
handler403 = "apps.console.errors.permission_denied"
handler404 = "apps.console.errors.page_not_found"
handler500 = "apps.console.errors.server_error"
