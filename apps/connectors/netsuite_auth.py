"""NetSuite's two ways to sign in: OAuth 1 (HMAC-SHA256) and OAuth 2 with a signed assertion (PS256)."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from apps.connectors.answers import class_of_status
from apps.connectors.contracts import Failure, FailureClass, Response
from apps.connectors.http import HttpClient
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import SignInFailed, Token, TokenCache, with_fresh_token

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address, not a secret
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Send = Callable[[Mapping[str, str]], Response]


class Signer(Protocol):
    def send(self, method: str, url: str, params: Mapping[str, str] | None, send: Send) -> Response:
        """Call `send` with the authorization header for this request."""


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
        answer = self._http.request("POST", url, form=form)
        body = answer.json()
        if not answer.ok or not isinstance(body, dict) or "access_token" not in body:
            said = body.get("error", "") if isinstance(body, dict) else ""
            cls = (
                FailureClass.PERMANENT_CONFIG
                if answer.status in (400, 401)
                else class_of_status(answer.status)
            )
            raise SignInFailed(
                Failure(cls, "SIGN_IN", f"no token: {said or answer.status}", scope="connector")
            )
        return Token(body["access_token"], lifetime=float(body.get("expires_in", 3600)))
