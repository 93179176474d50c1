"""The project: settings, addresses, Celery and the local services; composes all apps, imported by none."""
