"""Structured logging: JSON lines in production, readable lines on a terminal; neither quotes values of records."""

import re
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import ExcInfo

# What PostgreSQL adds to a refusal, up to the next line of a traceback, quotes the values of the row.
_QUOTED_VALUES = re.compile(r"^DETAIL:.*(\n(?!\s*$|\S*Error\b).*)*", re.MULTILINE)
# Local variables hold tokens, secrets and records: tracebacks are told without them.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def _without_values(told: Any) -> Any:
    """Return a text, or the texts inside of lists and dicts, without what PostgreSQL quotes of a row."""
    if isinstance(told, str):
        return _QUOTED_VALUES.sub("DETAIL: left out", told) if "DETAIL:" in told else told
    if isinstance(told, dict):
        return {name: _without_values(value) for name, value in told.items()}
    return [_without_values(each) for each in told] if isinstance(told, list) else told


def leave_values_out(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor that takes quoted values of rows out of everything an event tells."""
    event.update({name: _without_values(value) for name, value in event.items()})
    return event


def _plain_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    buffer = StringIO()
    structlog.dev.plain_traceback(buffer, exc_info)
    stream.write(_without_values(buffer.getvalue()))


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` that renders structlog and plain records alike."""
    tail: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if json:
        tail += [_TRACEBACKS, leave_values_out, structlog.processors.JSONRenderer()]
    else:
        console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_plain_traceback)
        tail += [leave_values_out, console]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": tail,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "httpx2": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "django_structlog.celery": {"level": "WARNING"},
            "django.server": {"handlers": [], "propagate": True},
        },
    }


def configure_logs() -> None:
    """Route structlog through the standard library, so both end in the same handler."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
