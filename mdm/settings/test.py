"""Settings of the test suite: real PostgreSQL and broker, cheap password hashing."""

import os

from mdm.settings.base import database, env
from mdm.settings.local import *  # noqa: F403 - Django settings are layered by star import
from mdm.settings.local import INSTALLED_APPS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
AXES_ENABLED = False
INSTALLED_APPS = [*INSTALLED_APPS, "tests.toys.vehicle"]

# `manage.py test` gives each test process a PostgreSQL of its own.
if _clusters := env.list("MDM_TEST_DATABASES", default=[]):
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    DATABASES = {"default": database(_clusters[_worker % len(_clusters)])}
