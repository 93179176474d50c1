"""The Celery application."""

from celery import Celery

from mdm.settings import use_default

use_default()
app = Celery("mdm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
