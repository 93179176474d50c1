"""The fast lane: a WSGI layer that answers the two hottest reads before Django, with the very same answers.

It takes GET /api/v1/{plural}/{golden id} and GET /api/v1/{plural}/lookup?system=&key= with a token that is remembered
in this process; everything else, and every doubt, is left to Django.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import parse_qsl
from uuid import UUID
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.accounts.contracts import Principal
from apps.api.answers import Answer
from apps.api.base import PRIVATE
from apps.api.callers import bearer_token, remembered
from apps.api.limits import take_for_client
from apps.api.problems import MEDIA_TYPE, expected, problem_body, problem_headers
from apps.api.v1.reading import read_by_id, read_by_key
from apps.core.ids import uuid7
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec

_PREFIX = "/api/v1/"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_LONGEST_VALUE = 500


@lru_cache(maxsize=256)
def _spec_of(plural: str) -> EntitySpec | None:
    return next((spec for spec in entities.values() if spec.plural == plural), None)


@lru_cache(maxsize=256)
def _is_our_host(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def _is_secure(environ: WSGIEnvironment) -> bool:
    """Tell whether Django would not redirect this request to HTTPS."""
    if not settings.SECURE_SSL_REDIRECT:
        return True
    if header := settings.SECURE_PROXY_SSL_HEADER:
        return bool(environ.get(header[0]) == header[1])
    return bool(environ.get("wsgi.url_scheme") == "https")


def _security_headers() -> list[tuple[str, str]]:
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
    ]
    if settings.SECURE_HSTS_SECONDS and settings.SECURE_SSL_REDIRECT:
        directives = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
        directives += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
        directives += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
        headers.append(("Strict-Transport-Security", "; ".join(directives)))
    return headers


class FastLane:
    """WSGI application in front of another one."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._headers = _security_headers()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] == "GET" and path.startswith(_PREFIX):
            read = _recognized(path[len(_PREFIX) :], environ.get("QUERY_STRING", ""))
            principal = _caller(environ) if read else None
            if read and principal and _is_our_host(environ.get("HTTP_HOST", "")) and _is_secure(environ):
                return self._respond(_answered(read, principal, environ), start_response)
        return self._application(environ, start_response)

    def _respond(self, answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
        headers = [*answer.headers, *self._headers]
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers += [("Content-Type", answer.media_type), ("Content-Length", str(len(answer.body)))]
        start_response(_STATUS_LINES[answer.status], headers)
        return [answer.body]


Read = tuple[EntitySpec, str, str, str]
"""What is asked: a golden id, or a system and a key."""


def _recognized(rest: str, query: str) -> Read | None:
    """Return what is read at an address below /api/v1/, or None when that is for Django to say."""
    plural, _, tail = rest.partition("/")
    spec = _spec_of(plural)
    if spec is None:
        return None
    if not query:
        return (spec, tail, "", "") if _ID.fullmatch(tail) else None
    if tail != "lookup":
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if len(pairs) != 2 or given.keys() != {"system", "key"}:
        return None
    system, key = given["system"], given["key"]
    plain = all(value and len(value) <= _LONGEST_VALUE and "\0" not in value for value in (system, key))
    return (spec, "", system, key) if plain else None


def _caller(environ: WSGIEnvironment) -> Principal | None:
    token = bearer_token(environ.get("HTTP_AUTHORIZATION", ""))
    return remembered.warm(token) if token else None


def _correlation(environ: WSGIEnvironment) -> UUID:
    given = environ.get("HTTP_X_CORRELATION_ID")
    try:
        return UUID(given) if given else uuid7()
    except ValueError:
        return uuid7()


def _answered(read: Read, principal: Principal, environ: WSGIEnvironment) -> Answer:
    """Return the answer to a recognized read, problems included, with every header but the length."""
    spec, record_id, system, key = read
    trace_id = _correlation(environ)
    taken = take_for_client(principal.user_id)
    fresh = environ.get("HTTP_IF_NONE_MATCH")
    try:
        taken.refuse_above()
        if record_id:
            answer = read_by_id(spec, record_id, principal, fresh)
        else:
            answer = read_by_key(spec, system, key, principal, fresh)
    except Exception as failure:
        error = expected(failure)
        body = problem_body(error, instance=environ["PATH_INFO"], trace_id=trace_id)
        answer = Answer(error.status, body, problem_headers(error), MEDIA_TYPE)
    answer.headers.extend((*PRIVATE, *taken.headers(), ("X-Correlation-ID", str(trace_id))))
    return answer
