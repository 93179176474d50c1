"""Signed calls of one connector, their answers sorted into good ones and failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from apps.connectors.contracts import CallContext, Failure, ReadFailed, Response
from apps.connectors.http import HttpClient, TransportFailure
from apps.connectors.tokens import SignInFailed

Classify = Callable[[Response | Exception, CallContext], Failure]
Headers = Mapping[str, str]
#: Gets a function that sends with given headers; calls it with those that prove who the hub is.
Sign = Callable[[Callable[[Headers], Response]], Response]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to make: `path` is under the base address, or a full address as a target gave it."""

    method: str
    path: str
    headers: Headers | None = None
    params: Mapping[str, str] | None = None
    json: object = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    http: HttpClient
    base: str
    classify: Classify
    sign: Sign

    def call(self, ask: Ask) -> Response:
        """Send, whatever the answer; TransportFailure or SignInFailed when there is none."""
        url = urljoin(self.base.rstrip("/") + "/", ask.path)

        def send(signed: Headers) -> Response:
            return self.http.request(
                ask.method,
                url,
                headers={**(ask.headers or {}), **signed},
                params=ask.params,
                json=ask.json,
                content=ask.content,
            )

        return self.signed(ask, url, send)

    def signed(self, ask: Ask, url: str, send: Callable[[Headers], Response]) -> Response:
        """Send with headers that prove who the hub is; for systems that sign the request itself to do otherwise."""
        return self.sign(send)

    def read(self, ask: Ask, *, accept: tuple[int, ...] = ()) -> Response:
        """Return a good answer, or one with a status of `accept`; ReadFailed otherwise."""
        context = CallContext(ask.method)
        try:
            answer = self.call(ask)
        except (TransportFailure, SignInFailed) as error:
            raise ReadFailed(self.classify(error, context)) from error
        if answer.ok or answer.status in accept:
            return answer
        raise ReadFailed(self.classify(answer, context))

    def write(self, ask: Ask, context: CallContext) -> Response | Failure:
        """Return a good answer, or the failure that came instead of one."""
        try:
            answer = self.call(ask)
        except (TransportFailure, SignInFailed) as error:
            return self.classify(error, replace(context, method=ask.method))
        return answer if answer.ok else self.classify(answer, replace(context, method=ask.method))
