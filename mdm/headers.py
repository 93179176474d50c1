"""Content security policy by area: strict everywhere, looser for the admin theme and the API docs."""

from typing import TYPE_CHECKING

from csp.middleware import CSPMiddleware, PolicyParts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

# The admin theme evaluates Alpine expressions; the API docs start from an inline script.
_LOOSER: dict[str, dict[str, list[str]]] = {
    "/admin/": {
        "script-src": ["'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'unsafe-inline'"],
    },
    "/api/v1/docs": {
        "script-src": ["'unsafe-inline'"],
        "style-src": ["'unsafe-inline'"],
        "worker-src": ["blob:"],
    },
}


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp with additions for the paths in `_LOOSER`."""

    def get_policy_parts(
        self, request: "HttpRequest", response: "HttpResponseBase", report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        for prefix, additions in _LOOSER.items():
            if request.path_info.startswith(prefix):
                parts.update = {**(parts.update or {}), **additions}
        return parts
