"""What logs may not tell: local variables, the values of rows and what people are looked up by."""

import logging
from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
import structlog
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from mdm.logs import logging_config
from mdm.request_log import RequestLogMiddleware


@pytest.fixture(params=[True, False], ids=["json", "console"])
def told(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """What is logged during a test, written as the settings say."""
    made = dict(logging_config(json=request.param, level="INFO")["formatters"]["structured"])
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(made.pop("()")(**made))
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def fail_with_a_secret() -> None:
    token = "-".join(["mdm", "local", "variable"])
    raise ValueError(f"a token of {len(token)} characters was refused")


def test_tracebacks_have_no_local_variables(told: StringIO) -> None:
    try:
        fail_with_a_secret()
    except ValueError:
        structlog.get_logger("tests").exception("tests.failed")
        logging.getLogger("tests.plain").exception("failed as well")
    words = told.getvalue()
    assert words.count("a token of 18 characters was refused") == 2
    assert "fail_with_a_secret" in words
    assert "mdm-local-variable" not in words


def test_refusals_of_the_database_do_not_quote_the_row(told: StringIO) -> None:
    words = (
        'duplicate key value violates unique constraint "u"\n'
        "DETAIL:  Key (email, note)=(jane@acme.com, a first line\n"
        "and one more for jane@acme.com) already exists."
    )
    try:
        try:
            raise psycopg.errors.UniqueViolation(words)
        except psycopg.Error as error:
            raise IntegrityError(words) from error
    except IntegrityError as error:
        structlog.get_logger("tests").exception("tests.refused", error=str(error))
    logged = told.getvalue()
    assert "jane@acme.com" not in logged
    assert logged.count("violates unique constraint") == 3
    assert "UniqueViolation" in logged


def test_requests_are_logged_without_their_query(told: StringIO) -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    asked = RequestFactory().get("/api/v1/resources/lookup?email=jane@acme.com")
    RequestLogMiddleware(answer)(asked)
    logged = told.getvalue()
    assert logged.count("GET /api/v1/resources/lookup") == 2
    assert "jane" not in logged
