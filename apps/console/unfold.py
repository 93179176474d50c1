"""Settings of the admin theme: names, colours, the console's own style sheet and where the navigation comes from."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def style_sheet(_request: HttpRequest) -> str:
    return static("console/console.css")


def rules_style_sheet(_request: HttpRequest) -> str:
    return static("console/rules.css")


def matching_style_sheet(_request: HttpRequest) -> str:
    return static("console/matching.css")


def script(_request: HttpRequest) -> str:
    return static("console/console.js")


def favicon(_request: HttpRequest) -> str:
    return static("console/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MDM hub",
    "SITE_HEADER": "MDM hub",
    "SITE_SUBHEADER": "Master data",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [style_sheet, rules_style_sheet, matching_style_sheet],
    "SCRIPTS": [script],
    "COLORS": {
        "primary": {
            "50": "oklch(97.4% .013 236)",
            "100": "oklch(94.3% .029 236)",
            "200": "oklch(89.1% .058 234)",
            "300": "oklch(81.7% .103 232)",
            "400": "oklch(73.2% .139 236)",
            "500": "oklch(64.8% .153 241)",
            "600": "oklch(55.6% .148 246)",
            "700": "oklch(48.2% .129 247)",
            "800": "oklch(42.6% .107 246)",
            "900": "oklch(38.2% .088 247)",
            "950": "oklch(28.4% .066 249)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "apps.console.navigation.sidebar",
    },
    "DASHBOARD_CALLBACK": "apps.console.dashboard.add_dashboard",
}
