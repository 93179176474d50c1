"""The base of every Celery task: carries the acting block along and keeps database connections."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Task
from django.conf import settings
from django.db import close_old_connections

from apps.audit.context import acting, from_headers, to_headers


@contextmanager
def _busy_mark() -> Iterator[None]:
    """Leave `<home>/run/busy/<pid>` while a task runs: a busy worker may miss heartbeats, an idle one not."""
    if not settings.MDM_SUPERVISED:
        yield
        return
    mark = settings.MDM_HOME / "run" / "busy" / str(os.getpid())
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(time.time()))
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


class HubTask(Task):
    """Sends who acts, why and the correlation id as message headers and restores them in the worker."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        options["headers"] = {**to_headers(), **(options.get("headers") or {})}
        return super().apply_async(*args, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return self.run(*args, **kwargs)
        close_old_connections()
        block = from_headers(self.request.headers)
        try:
            with _busy_mark():
                if block is None:
                    return self.run(*args, **kwargs)
                with acting(block.actor, reason=block.reason, correlation_id=block.correlation_id):
                    return self.run(*args, **kwargs)
        finally:
            close_old_connections()
