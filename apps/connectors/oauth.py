"""The OAuth 2 token request of a client, the same in every system but for the form it sends."""

from collections.abc import Callable, Mapping

from apps.connectors.answers import class_of_status
from apps.connectors.caller import Headers, Sign
from apps.connectors.contracts import Failure, FailureClass, Response
from apps.connectors.http import HttpClient
from apps.connectors.tokens import SignInFailed, Token, TokenCache, with_fresh_token


def fetch_token(http: HttpClient, url: str, form: Mapping[str, str], *, lifetime: float | None) -> Token:
    """Ask a token endpoint; SignInFailed with the endpoint's own words, never with what was sent.

    `lifetime` seconds count when the answer does not say how long the token lives.
    """
    answer = http.request("POST", url, form=form)
    body = answer.json()
    if answer.ok and isinstance(body, dict) and "access_token" in body:
        lives = float(body["expires_in"]) if "expires_in" in body else lifetime
        return Token(body["access_token"], lives, {"instance_url": str(body.get("instance_url", ""))})
    said = body.get("error_description") or body.get("error") if isinstance(body, dict) else ""
    refused = answer.status in (400, 401)
    cls = FailureClass.PERMANENT_CONFIG if refused else class_of_status(answer.status)
    raise SignInFailed(Failure(cls, "SIGN_IN", f"no token: {said or answer.status}", scope="connector"))


def bearer(tokens: TokenCache) -> Sign:
    """Sign with a bearer token; one that is refused is replaced once."""

    def sign(send: Callable[[Headers], Response]) -> Response:
        return with_fresh_token(tokens, lambda token: send({"Authorization": f"Bearer {token.value}"}))

    return sign
