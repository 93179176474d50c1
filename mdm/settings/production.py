"""Settings of a real deployment: every address and secret comes from the environment, HTTPS only."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from mdm.settings.base import *  # noqa: F403 - Django settings are layered by star import
from mdm.settings.base import MDM_HOME, database, env

SECRET_KEY = env("MDM_SECRET_KEY")
MDM_FIELD_KEY = env("MDM_FIELD_KEY")
if len(MDM_FIELD_KEY) < 32:
    raise ImproperlyConfigured(
        "MDM_FIELD_KEY is too short to seal secrets with: give 32 random characters or more."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATABASES = {"default": database(env("DATABASE_URL"))}
CELERY_BROKER_URL = env("CELERY_BROKER_URL")
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(MDM_HOME / "static")))

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$"]
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
