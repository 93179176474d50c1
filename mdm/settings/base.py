"""Settings shared by every environment; the environment's own module adds secrets and addresses."""

import os
from pathlib import Path

import environ
from celery.schedules import schedule
from django.urls import reverse_lazy

from apps.console.unfold import UNFOLD as UNFOLD
from mdm.local.paths import ROOT, home
from mdm.logs import configure_logs, logging_config

env = environ.Env()

BASE_DIR = ROOT
MDM_HOME = home()
MDM_SUPERVISED = env.bool("MDM_SUPERVISED", default=False)  # `up` watches the worker's marks in MDM_HOME/run
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
ROOT_URLCONF = "mdm.urls"
WSGI_APPLICATION = "mdm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ENTITY_APPS = [
    "apps.entities.customer",
    "apps.entities.resource",
    "apps.entities.engagement",
    "apps.entities.project",
    "apps.entities.invoice",
]
INSTALLED_APPS = [
    "mdm",
    "unfold.apps.BasicAppConfig",  # the site itself is ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "apps.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "simple_history",
    "import_export",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_structlog",
    "django_htmx",
    "axes",
    "csp",
    "apps.core",
    "apps.accounts",
    "apps.audit",
    "apps.outbox",
    "apps.connectors",
    "apps.golden",
    "apps.sources",
    "apps.quality",
    "apps.matching",
    "apps.mastering",
    "apps.stewardship",
    "apps.distribution",
    "apps.pipeline",
    *ENTITY_APPS,
    "apps.api",
    "apps.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mdm.headers.ContentPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.audit.middleware.ActorMiddleware",
    "mdm.request_log.RequestLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.console.zones.TimeZoneMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("admin:login")
CSRF_FAILURE_VIEW = "apps.console.errors.csrf_failure"
LOGIN_REDIRECT_URL = "/admin/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "apps.console.errors.locked_out"

# Keys that sealed secrets before MDM_FIELD_KEY: they still open what no one has sealed again.
MDM_FIELD_KEYS_RETIRED: list[str] = env.list("MDM_FIELD_KEYS_RETIRED", default=[])
MDM_PRIVATE_HOSTS: list[str] = env.list("MDM_PRIVATE_HOSTS", default=[])

# Database: server-side binding is what makes psycopg prepare statements at all under Django.
DATABASE_OPTIONS = {"server_side_binding": True, "prepare_threshold": 3}
CONN_HEALTH_CHECKS = True


def database(url: str) -> dict[str, object]:
    """Django's settings for one database address, with lasting connections and prepared statements."""
    parsed: dict[str, object] = environ.Env.db_url_config(url)
    options = parsed.get("OPTIONS")
    parsed["OPTIONS"] = {**DATABASE_OPTIONS, **(options if isinstance(options, dict) else {})}
    return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": CONN_HEALTH_CHECKS, **parsed}


CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

# Broker: PostgreSQL holds the facts, Celery carries wake-ups.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5  # seconds a running task gets when the worker is told to quit
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    "mdm.heartbeat": {"task": "mdm.heartbeat", "schedule": schedule(10), "options": {"expires": 30}},
}
CELERY_TASK_DEFAULT_QUEUE = "mdm"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
DJANGO_CELERY_BEAT_TZ_AWARE = True

# REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MDM hub",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["apps.api.schema.document.add_components"],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "docExpansion": "none"},
}
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=12_000)  # requests of one client
API_PROCESSES = env.int("API_PROCESSES", default=1)  # web processes that share the quota
# One post of 10,000 records, and an uploaded extract on disk rather than in memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# Words and time
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Static files
STATIC_URL = "static/"
STATIC_ROOT: Path | None = MDM_HOME / "static"
STATICFILES_DIRS = [path for path in [ROOT / "static"] if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = MDM_HOME / "media"

# Response headers
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: [] for feature in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
}

# Logs
LOG_JSON = env.bool("LOG_JSON", default=True)
# Who wrote a match rule does not activate it; "false" where one person is alone with the hub.
RULES_NEED_TWO = env.bool("MDM_RULES_NEED_TWO", default=True)
# Processes that work on one simulation of rules side by side, each with a connection of its own.
SIMULATION_PROCESSES = env.int("MDM_SIMULATION_PROCESSES", default=min(2, os.cpu_count() or 1))

LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOGGING = logging_config(json=LOG_JSON, level=LOG_LEVEL)
LOGGING_CONFIG = "logging.config.dictConfig"
configure_logs()
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"

SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
# Whoever asks about the past asks about a record or a transaction: an index by date alone would only cost each write.
SIMPLE_HISTORY_DATE_INDEX = False
