"""How the hub shows S/4HANA who it is: basic or OAuth 2, and the CSRF token that goes with a session cookie."""

import base64
from collections.abc import Callable

from apps.connectors.answers import class_of_status
from apps.connectors.caller import Ask, Caller, Headers, Sign
from apps.connectors.contracts import Failure, Response
from apps.connectors.http import HttpClient
from apps.connectors.oauth import bearer, fetch_token
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import SignInFailed, Token, TokenCache


def reading_sign(settings: ConnectorSettings, http: HttpClient) -> Sign:
    """Sign with a communication user's password, or with an OAuth 2 token when there is a client_id."""
    if settings.secret("client_id"):
        form = {"grant_type": "client_credentials"}
        form |= {name: settings.secret(name) for name in ("client_id", "client_secret")}
        url = settings.option("token_url")
        return bearer(TokenCache(lambda: fetch_token(http, url, form, lifetime=600.0)))
    pair = f"{settings.secret('username')}:{settings.secret('password')}".encode()
    header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return lambda send: send(header)


class CsrfSign:
    """Adds the CSRF token to writes; the cookie it belongs to stays in the HTTP client."""

    def __init__(self, reader: Caller, service: str) -> None:
        self._reader, self._service = reader, service
        self._tokens = TokenCache(self._fetch)

    def __call__(self, send: Callable[[Headers], Response]) -> Response:
        token = self._tokens.get()
        answer = self._send(send, token)
        if answer.status != 403 or answer.headers.get("x-csrf-token", "").lower() != "required":
            return answer
        self._tokens.refused(token)
        return self._send(send, self._tokens.get())

    def _send(self, send: Callable[[Headers], Response], token: Token) -> Response:
        return self._reader.sign(lambda signed: send({**signed, "x-csrf-token": token.value}))

    def _fetch(self) -> Token:
        answer = self._reader.call(Ask("GET", f"{self._service}/", {"x-csrf-token": "fetch"}))
        token = answer.headers.get("x-csrf-token", "")
        if answer.ok and token:
            return Token(token, lifetime=1500.0)
        cls = class_of_status(answer.status)
        raise SignInFailed(Failure(cls, "SIGN_IN", f"no CSRF token: {answer.status}", scope="connector"))
