"""Settings of the DRF service that lookups are compared with: tuned as far as settings go."""

from mdm.settings.local import *  # noqa: F403 - Django settings are layered by star import

MIDDLEWARE = []
ROOT_URLCONF = "mdm.bench.drf_service"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
