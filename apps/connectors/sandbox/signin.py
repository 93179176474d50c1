"""How sandbox systems check a client's id and secret, and hand out tokens."""

import hmac
import secrets
import time
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.store import Store


def form_of(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}


def issue_bearer(request: Request, store: Store, keys: dict[str, str], *, seconds: float) -> Reply:
    """Answer a client-credentials request: right id and secret give a token."""
    form = form_of(request)
    good = form.get("grant_type") == "client_credentials"
    for name in ("client_id", "client_secret"):
        good &= hmac.compare_digest(form.get(name, "").encode(), keys[name].encode())
    if not good:
        return Reply(401, {"error": "invalid_client", "error_description": "AADSTS7000215: invalid secret"})
    value = secrets.token_urlsafe(32)
    store.add_token(value, seconds)
    return Reply(200, {"access_token": value, "token_type": "Bearer", "expires_in": round(seconds)})


def bearer_is_good(request: Request, store: Store) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and store.token_is_good(value)


def assertion_is_good(assertion: str, keys: dict[str, str]) -> bool:
    """Tell whether a JWT bearer assertion (RS256) is by the registered key, for this client, user and login host."""
    if not keys.get("public_key"):
        return False
    try:
        claims = jwt.decode(assertion, RSAKey.import_key(keys["public_key"]), algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return False
    return bool(
        claims.get("iss") == keys["client_id"]
        and claims.get("sub") == keys.get("username")
        and claims.get("aud") == keys.get("audience", "https://login.salesforce.com")
        and time.time() < float(claims.get("exp", 0)) <= time.time() + 300
    )
