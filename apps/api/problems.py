"""Every failure as an RFC 9457 problem document: what went wrong, what to do, which request it was."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as rest

from apps.core.errors import Denied, HubError, NotFound
from apps.core.json import dumps

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class Unauthenticated(HubError):
    code = "unauthenticated"
    title = "Sign in first"
    status = 401


class MalformedRequest(HubError):
    """`errors` names each parameter or place (RFC 6901 pointer) and what is wrong with it."""

    code = "malformed_request"
    title = "The request could not be read"
    status = 400


class InvalidBody(HubError):
    code = "invalid_body"
    title = "The content of the request is not valid"
    status = 422


class MethodNotAllowed(HubError):
    code = "method_not_allowed"
    title = "This address does not support the method"
    status = 405


class UnsupportedMediaType(HubError):
    code = "unsupported_media_type"
    title = "Send application/json"
    status = 415


class TooLarge(HubError):
    code = "too_large"
    title = "The request is too large"
    status = 413


class Unavailable(HubError):
    code = "unavailable"
    title = "The hub cannot reach its database"
    status = 503


class Unexpected(HubError):
    code = "unexpected"
    title = "Something went wrong in the hub"
    status = 500


def expected(error: BaseException) -> HubError:
    """Return the domain exception that stands for any exception; an unexpected one is logged here, once."""
    match error:
        case HubError():
            return error
        case Http404() | ObjectDoesNotExist() | rest.NotFound():
            return NotFound("There is nothing at this address; check the identifier.")
        case rest.NotAuthenticated() | rest.AuthenticationFailed():
            return Unauthenticated(str(error.detail))
        case rest.PermissionDenied():
            return Denied(str(error.detail))
        case rest.MethodNotAllowed():
            return MethodNotAllowed(str(error.detail))
        case rest.UnsupportedMediaType():
            return UnsupportedMediaType(str(error.detail))
        case RequestDataTooBig():
            return TooLarge("Send fewer records at a time.")
        case rest.ParseError() | SuspiciousOperation() | MultiPartParserError():
            return MalformedRequest("The request could not be read.")
        case OperationalError() | InterfaceError() | psycopg.OperationalError() | psycopg.InterfaceError():
            log.error("api.database.unavailable", exc_info=error)
            return Unavailable("Try again in a few seconds.")
    log.error("api.request.failed", exc_info=error)
    return Unexpected("The failure was logged under the trace id; tell it to whoever runs the hub.")


def problem_headers(error: HubError) -> list[tuple[str, str]]:
    headers = []
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Bearer realm="mdm"'))
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "5"))
    return headers


def problem_body(error: HubError, *, instance: str, trace_id: UUID) -> bytes:
    return dumps({**error.as_problem(), "instance": instance, "trace_id": str(trace_id)})


def pointer(path: Iterable[Any]) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and positions."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
