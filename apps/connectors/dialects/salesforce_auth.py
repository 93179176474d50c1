"""Salesforce's two ways to sign in: client credentials, or a signed assertion (JWT bearer, RS256)."""

import time
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import RSAKey

from apps.connectors.caller import Ask, Caller
from apps.connectors.contracts import Response
from apps.connectors.http import HttpClient
from apps.connectors.oauth import fetch_token
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import Token, TokenCache, with_fresh_token


@dataclass(frozen=True, slots=True)
class OrgCaller(Caller):
    """Calls the instance that the token names: an org moves, its tokens tell where to."""

    tokens: TokenCache

    def call(self, ask: Ask) -> Response:
        def send(token: Token) -> Response:
            base = token.facts.get("instance_url") or self.base
            headers = {"Authorization": f"Bearer {token.value}", **(ask.headers or {})}
            url = base.rstrip("/") + ask.path
            return self.http.request(ask.method, url, headers=headers, params=ask.params, json=ask.json)

        return with_fresh_token(self.tokens, send)


_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def sign_in(settings: ConnectorSettings, http: HttpClient) -> Token:
    """Fetch a token; Salesforce names no lifetime, so it counts until it is refused."""
    url = settings.base_url.rstrip("/") + settings.option("token_path", "/services/oauth2/token")
    if settings.secret("private_key"):
        form = {"grant_type": _JWT_BEARER, "assertion": _assertion(settings)}
    else:
        form = {"grant_type": "client_credentials"}
        form |= {name: settings.secret(name) for name in ("client_id", "client_secret")}
    return fetch_token(http, url, form, lifetime=None)


def _assertion(settings: ConnectorSettings) -> str:
    claims = {
        "iss": settings.secret("client_id"),
        "sub": settings.option("username"),
        "aud": settings.option("audience", "https://login.salesforce.com"),
        "exp": int(time.time()) + 180,
    }
    key = RSAKey.import_key(settings.secret("private_key"))
    return jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, key, algorithms=["RS256"])
