"""How the sandbox account checks who calls: OAuth 1 signatures and OAuth 2 assertions."""

import hmac
import re
import secrets
import time
from urllib.parse import parse_qs, unquote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.store import Store

_PART = re.compile(r'(\w+)="([^"]*)"')
_SKEW = 300
_TOKEN_SECONDS = 3600


def _oauth1(header: str) -> dict[str, str]:
    return {name: unquote(value) for name, value in _PART.findall(header)}


def signature_is_good(request: Request, store: Store, keys: dict[str, str]) -> bool:
    """Recompute the signature of an OAuth 1 request; timestamps count for five minutes, nonces once."""
    given = _oauth1(request.headers.get("authorization", ""))
    expected = {
        "oauth_consumer_key": keys["consumer_key"],
        "oauth_token": keys["token_id"],
        "realm": keys["account"],
    }
    if any(given.get(name) != value for name, value in expected.items()):
        return False
    stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > _SKEW or not nonce:
        return False
    client = Client(
        keys["consumer_key"],
        client_secret=keys["consumer_secret"],
        resource_owner_key=keys["token_id"],
        resource_owner_secret=keys["token_secret"],
        signature_method=SIGNATURE_HMAC_SHA256,
        realm=keys["account"],
        nonce=nonce,
        timestamp=stamp,
    )
    _, headers, _ = client.sign(request.url, http_method=request.method)
    mine = _oauth1(headers["Authorization"]).get("oauth_signature", "")
    if not hmac.compare_digest(mine, given.get("oauth_signature", "")):
        return False
    return store.nonce_is_new(f"{stamp}:{nonce}", 2 * _SKEW)


def issue_token(request: Request, store: Store, keys: dict[str, str]) -> Reply:
    """Answer the OAuth 2 token endpoint: a PS256 assertion by the registered certificate gives a token."""
    refused = Reply(400, {"error": "invalid_client"})
    form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
    if form.get("grant_type") != "client_credentials" or not keys.get("public_key"):
        return refused
    try:
        key = RSAKey.import_key(keys["public_key"])
        assertion = jwt.decode(form.get("client_assertion", ""), key, algorithms=["PS256"])
    except (JoseError, ValueError):
        return refused
    claims, now = assertion.claims, time.time()
    good = (
        assertion.header.get("kid") == keys["certificate_id"]
        and claims.get("iss") == keys["client_id"]
        and claims.get("aud") == request.url
        and now - _SKEW <= float(claims.get("iat", 0)) <= now + _SKEW
        and now < float(claims.get("exp", 0)) <= now + 3600
    )
    if not good:
        return refused
    value = secrets.token_urlsafe(32)
    store.add_token(value, _TOKEN_SECONDS)
    return Reply(200, {"access_token": value, "token_type": "bearer", "expires_in": _TOKEN_SECONDS})
