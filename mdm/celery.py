"""The Celery application."""

from celery import Celery

from mdm.hub_task import HubTask
from mdm.settings import use_default

use_default()
app = Celery("mdm", task_cls=HubTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
# Read by Celery under this very name only: keep a connection for many tasks, HubTask checks its health.
app.conf.CELERY_DB_REUSE_MAX = 10_000
app.autodiscover_tasks()
