"""Settings of a checkout on one machine: embedded services and secrets made at first use."""

from mdm.local.paths import broker_url, database_url, local_secret
from mdm.logs import logging_config
from mdm.settings.base import *  # noqa: F403 - Django settings are layered by star import
from mdm.settings.base import LOG_LEVEL, database, env

SECRET_KEY = env("MDM_SECRET_KEY", default="") or local_secret("secret-key")
MDM_FIELD_KEY = env("MDM_FIELD_KEY", default="") or local_secret("field-key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
DATABASES = {"default": database(env("DATABASE_URL", default="") or database_url())}
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="") or broker_url()
LOG_JSON = env.bool("LOG_JSON", default=False)
# Served from where the apps keep them: nothing to collect at start.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = logging_config(json=LOG_JSON, level=LOG_LEVEL)
