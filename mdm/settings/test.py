"""Settings of the test suite: real PostgreSQL and broker, cheap password hashing."""

from mdm.settings.local import *  # noqa: F403 - Django settings are layered by star import
from mdm.settings.local import INSTALLED_APPS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
AXES_ENABLED = False
INSTALLED_APPS = [*INSTALLED_APPS, "tests.toys.vehicle"]
