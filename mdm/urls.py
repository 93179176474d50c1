"""The address space: the stewards' admin site, the REST API and the health probes."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from mdm.health import health, ready

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/"), name="home"),
    path("health", health, name="health"),
    path("ready", ready, name="ready"),
]
if find_spec("apps.api.urls"):
    urlpatterns.append(path("api/", include("apps.api.urls")))
urlpatterns.append(path("admin/", admin.site.urls))
