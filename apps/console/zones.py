"""Times on screen in the time zone of the reader's browser, which a cookie of the console's script names."""

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "hub_zone"
AREA = "/admin/"


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of that name, None where there is none."""
    return ZoneInfo(name) if name in available_timezones() else None


class TimeZoneMiddleware:
    """Show and read times of the admin site in the browser's zone; everything else keeps UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = (
            zone_named(request.COOKIES.get(COOKIE, "")[:64]) if request.path_info.startswith(AREA) else None
        )
        if zone is None:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
