"""Calls to a Tryton server: JSON-RPC in a session, errors that come with status 200 told from results."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.caller import Ask, Caller, Headers
from apps.connectors.contracts import CallContext, Failure, FailureClass, ReadFailed, Response
from apps.connectors.http import HttpClient, TransportFailure
from apps.connectors.settings import ConnectorSettings
from apps.connectors.tokens import SignInFailed, Token, TokenCache, with_fresh_token

_PAUSE = 60.0
_KEY_ERROR = re.compile(r"^\"?'[\w.]+'\"?$")
_TEXTS = (
    (re.compile(r"must be unique|already exists|has already been used", re.I), FailureClass.CONFLICT_REVIEW),
    (re.compile(r"\byou cannot (modify|delete|cancel|add)\b", re.I), FailureClass.BUSINESS_BLOCK),
    (re.compile(r"you are not allowed to|access denied", re.I), FailureClass.PERMANENT_CONFIG),
)
_BUSY = re.compile(r"lock|serialize|deadlock|timeout", re.I)
_STATUSES = {409: FailureClass.BUSINESS_BLOCK, 423: FailureClass.STALE, 400: FailureClass.PERMANENT}


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    if answer.ok and isinstance(body, dict) and "error" in body:
        return _of_error(answer, body["error"])
    text = str(body.get("message", "")) if isinstance(body, dict) else answer.body.decode("utf-8", "replace")
    cls = _STATUSES.get(answer.status, class_of_status(answer.status))
    if answer.status == 400:
        cls = _by_text(text)
    elif answer.status == 500 and _KEY_ERROR.match(text.strip()):
        # A field that does not exist surfaces as a KeyError: trying again will not help.
        cls = FailureClass.PERMANENT
    failure = failure_of_response(answer, cls, f"HTTP_{answer.status}", text)
    if cls is FailureClass.RATE_LIMITED and failure.retry_after is None:
        return replace(failure, retry_after=_PAUSE)
    return failure


def _of_error(answer: Response, error: Any) -> Failure:
    """Errors are lists: a name and its arguments, or the words of an exception and its traceback."""
    name = str(error[0]) if isinstance(error, list) and error else str(error)
    said = error[1] if isinstance(error, list) and len(error) > 1 else ""
    words = said[0] if name == "UserError" and isinstance(said, list) and said else said
    if name == "UserError":
        return _refused(answer, _by_text(str(words)), name, str(words))
    if name == "UserWarning":
        asked = str(said[1]) if isinstance(said, list) and len(said) > 1 else str(said)
        return _refused(answer, FailureClass.BUSINESS_BLOCK, name, asked)
    if name == "ConcurrencyException":
        return _refused(answer, FailureClass.STALE, name, "the record was changed meanwhile")
    if name == "LoginException":
        return _refused(answer, FailureClass.AUTH_REFRESH, name, "the session has ended")
    cls = FailureClass.TRANSIENT if _BUSY.search(name) else FailureClass.PERMANENT
    return _refused(answer, cls, "EXCEPTION", name)


def _refused(answer: Response, cls: FailureClass, code: str, message: str) -> Failure:
    # The answer itself may carry a traceback: keep the words only.
    return replace(failure_of_response(answer, cls, code, message), evidence=message[:500])


def _by_text(text: str) -> FailureClass:
    return next((cls for pattern, cls in _TEXTS if pattern.search(text)), FailureClass.PERMANENT)


class Rpc:
    """JSON-RPC of one database; `context` goes with every call of a model's method."""

    def __init__(self, settings: ConnectorSettings, http: HttpClient) -> None:
        self._settings = settings
        self._http = http
        self._path = f"{quote(settings.option('database', 'tryton'))}/rpc/"
        self._tokens = TokenCache(self._sign_in)
        self._caller = Caller(http, settings.base_url, classify, self._sign)
        self.context = {"active_test": False, **settings.options.get("context", {})}

    def call(self, model: str, method: str, *arguments: Any, idempotent: bool = True, **context: Any) -> Any:
        """Return the result of a model's method; ReadFailed with the failure otherwise."""
        asked = {
            "id": 1,
            "method": f"model.{model}.{method}",
            "params": [*arguments, {**self.context, **context}],
        }
        # Answers over 1.4 kB claim to be compressed whether the client takes that or not: take it.
        ask = Ask("POST", self._path, {"Accept-Encoding": "gzip"}, json=asked)
        known = CallContext("POST", idempotent, model)
        try:
            answer = self._caller.call(ask)
        except (TransportFailure, SignInFailed) as error:
            raise ReadFailed(classify(error, known)) from error
        body = answer.json()
        if not answer.ok or not isinstance(body, dict) or "result" not in body:
            raise ReadFailed(classify(answer, known))
        return body["result"]

    def head(self) -> Response:
        """Return the answer to a call that needs a session, for its headers."""
        asked = {"id": 1, "method": "model.res.user.get_preferences", "params": [True, self.context]}
        return self._caller.read(Ask("POST", self._path, {"Accept-Encoding": "gzip"}, json=asked))

    def _sign(self, send: Callable[[Headers], Response]) -> Response:
        return with_fresh_token(self._tokens, lambda token: send({"Authorization": f"Session {token.value}"}))

    def _sign_in(self) -> Token:
        user = self._settings.secret("username")
        parameters = {"password": self._settings.secret("password")}
        url = f"{self._settings.base_url.rstrip('/')}/{self._path}"
        asked = {"id": 0, "method": "common.db.login", "params": [user, parameters, "en"]}
        answer = self._http.request("POST", url, json=asked)
        body = answer.json()
        result = body.get("result") if isinstance(body, dict) else None
        if not answer.ok or not result:
            cls = (
                FailureClass.PERMANENT_CONFIG
                if answer.status in (200, 401)
                else class_of_status(answer.status)
            )
            raise SignInFailed(Failure(cls, "SIGN_IN", f"no session: {answer.status}", scope="connector"))
        pair = f"{user}:{result[0]}:{result[1]}"
        return Token(base64.b64encode(pair.encode()).decode())
