"""NetSuite's two ways to sign in: OAuth 1 (HMAC-SHA256) and OAuth 2 with a signed assertion (PS256)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from apps.connectors.caller import Ask, Caller, Headers
from apps.connectors.contracts import Response
from apps.connectors.http import HttpClient
from apps.connectors.oauth import fetch_token
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import Token, TokenCache, with_fresh_token

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address, not a secret
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Send = Callable[[Mapping[str, str]], Response]


class Signer(Protocol):
    def send(self, method: str, url: str, params: Mapping[str, str] | None, send: Send) -> Response:
        """Call `send` with the authorization header for this request."""


def unsigned(send: Callable[[Headers], Response]) -> Response:
    return send({})


@dataclass(frozen=True, slots=True)
class SigningCaller(Caller):
    """Signs each request by what it asks for."""

    signer: Signer

    def signed(self, ask: Ask, url: str, send: Callable[[Headers], Response]) -> Response:
        return self.signer.send(ask.method, url, ask.params, send)


class TokenBasedSigner:
    """OAuth 1: every request is signed by itself; secrets: consumer_key/secret, token_id/secret."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._client = Client(
            settings.secret("consumer_key"),
            client_secret=settings.secret("consumer_secret"),
            resource_owner_key=settings.secret("token_id"),
            resource_owner_secret=settings.secret("token_secret"),
            signature_method=SIGNATURE_HMAC_SHA256,
            realm=settings.option("account"),
        )

    def send(self, method: str, url: str, params: Mapping[str, str] | None, send: Send) -> Response:
        full = f"{url}?{urlencode(params)}" if params else url
        _, headers, _ = self._client.sign(full, http_method=method)
        return send({"Authorization": headers["Authorization"]})


class AssertionSigner:
    """OAuth 2 machine to machine; secrets: client_id, certificate_id, private_key (PEM)."""

    def __init__(self, settings: ConnectorSettings, http: HttpClient) -> None:
        self._settings = settings
        self._http = http
        self._tokens = TokenCache(self._sign_in)

    def send(self, method: str, url: str, params: Mapping[str, str] | None, send: Send) -> Response:
        return with_fresh_token(self._tokens, lambda token: send({"Authorization": f"Bearer {token.value}"}))

    def _sign_in(self) -> Token:
        url = self._settings.base_url.rstrip("/") + TOKEN_PATH
        now = int(time.time())
        claims = {
            "iss": self._settings.secret("client_id"),
            "scope": "rest_webservices",
            "aud": url,
            "iat": now,
            "exp": now + 300,
        }
        header = {"alg": "PS256", "typ": "JWT", "kid": self._settings.secret("certificate_id")}
        key = RSAKey.import_key(self._settings.secret("private_key"))
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode(header, claims, key, algorithms=["PS256"]),
        }
        return fetch_token(self._http, url, form, lifetime=3600.0)
