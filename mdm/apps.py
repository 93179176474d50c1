"""Django configuration of the project itself; loading it makes the Celery application the current one."""

from django.apps import AppConfig

from mdm.celery import app

CELERY_APP = app


class MdmConfig(AppConfig):
    name = "mdm"
    label = "mdm"
    verbose_name = "Hub"
