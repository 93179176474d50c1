"""The view all addresses share: sign-in, rate limit, capability, strict input, problem answers."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.contracts import Principal
from apps.api.answers import is_unchanged
from apps.api.bodies import read_body
from apps.api.callers import bearer_token, principal_of_user, remembered
from apps.api.limits import Taken, client_quota, take_for_address, take_for_client
from apps.api.operations import Operation
from apps.api.parameters import read_query
from apps.api.problems import MEDIA_TYPE, Unauthenticated, expected, problem_body, problem_headers
from apps.api.schema.inspector import HubSchema
from apps.api.v1.reading import demand
from apps.audit.context import Acting, Actor, acting, current
from apps.core.errors import Denied
from apps.core.json import dumps
from apps.golden.spec import EntitySpec

PRIVATE = (("Cache-Control", "private, no-cache"), ("Vary", "Authorization, Cookie"))


class SignedIn:
    """The `request.user` of a token: just enough for Django and DRF, without a query."""

    is_authenticated = True
    is_active = True

    def __init__(self, principal: Principal) -> None:
        self.pk = principal.user_id
        self.username = principal.username

    def get_username(self) -> str:
        return self.username


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer mdm_…`; answers from memory when the token was seen in the last 30 seconds."""

    def authenticate(self, request: Request) -> tuple[Any, Principal] | None:
        token = bearer_token(request.META.get("HTTP_AUTHORIZATION", ""))
        if token is None:
            return None
        principal = remembered.principal(token)
        if principal is None:
            raise Unauthenticated("The token is unknown, expired or revoked.")
        return SignedIn(principal), principal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mdm"'


class BrowserAuthentication(SessionAuthentication):
    """The session of the admin site, with CSRF protection: lets people try requests in the docs."""

    def authenticate(self, request: Request) -> tuple[Any, Principal] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user: Any = found[0]
        return user, principal_of_user(user)


class JsonOnly(BaseContentNegotiation):
    """Every answer is JSON, whatever a client says it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        renderer = renderers[0]
        return renderer, renderer.media_type


class HubView(APIView):
    """Base of every address. `operations` says per method who may and what is taken; what is not there is refused."""

    authentication_classes = (BearerAuthentication, BrowserAuthentication)
    permission_classes = ()
    parser_classes = ()
    content_negotiation_class = JsonOnly
    metadata_class = None
    schema = HubSchema()

    spec: EntitySpec | None = None
    operations: ClassVar[Mapping[str, Operation]] = {}
    principal: Principal
    given: dict[str, Any]
    taken: Taken | None = None

    @property
    def entity(self) -> EntitySpec:
        if self.spec is None:
            raise TypeError(f"{type(self).__name__} is mounted without an entity")
        return self.spec

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Sign in, then the rate limit, then the capability, then the query: in that order."""
        try:
            self.perform_authentication(request)
            if not isinstance(request.auth, Principal):
                raise Unauthenticated("Send a token (Authorization: Bearer …) or sign in to the admin site.")
        except Unauthenticated:
            self._limit(take_for_address(request.META.get("REMOTE_ADDR", "")))
            raise
        self.principal = request.auth
        self._limit(take_for_client(self.principal.user_id))
        operation = self.operation(request)
        if operation is None:
            self.http_method_not_allowed(request)
            return
        demand(self.principal, operation.needs)
        self.given = read_query(request.GET, operation.parameters_for(self.spec))

    def operation(self, request: Request) -> Operation | None:
        method = "get" if request.method == "HEAD" else (request.method or "").lower()
        return self.operations.get(method) if hasattr(self, method) else None

    def charge(self, cost: float) -> None:
        """Take more from the caller's bucket, for work that grows with the size of the request."""
        if cost > 0:
            # The request itself took one: more than the rest of a full bucket could never be had.
            self._limit(take_for_client(self.principal.user_id, min(cost, client_quota() - 1)))

    def _limit(self, taken: Taken) -> None:
        self.taken = taken
        taken.refuse_above()

    def body(self, request: HttpRequest | Request) -> Any:
        """Return the request's content, valid for the operation's body schema."""
        operation = self.operations[(request.method or "").lower()]
        plain = request._request if isinstance(request, Request) else request
        return read_body(plain, operation.words(operation.body, self.spec))

    def act(self, reason: str) -> AbstractContextManager[Acting]:
        """Say that the caller acts: history, audit and events written inside carry the name."""
        kind: Any = "service" if isinstance(self.request.user, SignedIn) else "user"
        actor = Actor(name=self.principal.username, user_id=self.principal.user_id, kind=kind)
        return acting(actor, reason=reason, correlation_id=current().correlation_id)

    def handle_exception(self, exc: Exception) -> Any:
        """Return the problem document of any exception."""
        error = expected(exc)
        trace_id: UUID = current().correlation_id
        body = problem_body(error, instance=self.request.path, trace_id=trace_id)
        response = HttpResponse(body, status=error.status, content_type=MEDIA_TYPE)
        for name, value in problem_headers(error):
            response[name] = value
        if error.status == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every answer says."""
        for name, value in PRIVATE:
            response[name] = value
        for name, value in self.taken.headers() if self.taken else ():
            response[name] = value
        return response

    @property
    def allowed_methods(self) -> list[str]:
        methods = [method.upper() for method in self.operations if hasattr(self, method)]
        return [*methods, "HEAD"] if "GET" in methods else methods


def json_response(content: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(content), status=status, content_type="application/json")


def answer_unless_unchanged(request: Request, *, etag: str, content: Any) -> HttpResponse:
    """Answer with content and its tag; 304 without it to a caller whose copy is fresh."""
    if is_unchanged(request.headers.get("If-None-Match"), etag):
        response = HttpResponse(status=304)
    else:
        response = json_response(content)
    response["ETag"] = etag
    return response


def refuse_masked(masked: bool, what: str) -> None:
    """Raise Denied when what is asked would tell personal values."""
    if masked:
        raise Denied(f"{what} needs the capability 'unmask'.")
