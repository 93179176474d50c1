"""Error answers of systems that are reached through webhooks or read from files: their envelopes, sorted."""

import re

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.caller import Classify
from apps.connectors.contracts import CallContext, Failure, FailureClass, Response

_ORACLE_LOCK = re.compile(r"JBO-26030|failed to lock", re.I)
_FAULT = re.compile(r"<(?:\w+:)?(Validation_Fault|Processing_Fault|Authentication_Fault)\b")
_FAULTS = {
    "Validation_Fault": FailureClass.PERMANENT,
    "Processing_Fault": FailureClass.TRANSIENT,
    "Authentication_Fault": FailureClass.PERMANENT_CONFIG,
}
_MESSAGE = re.compile(r"<(?:\w+:)?Message>([^<]*)<|<faultstring>([^<]*)<")


def classify_oracle(answer: Response | Exception, context: CallContext) -> Failure:
    """Oracle Fusion: locks come as 400, told by their code."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    details = body.get("o:errorDetails") if isinstance(body, dict) else None
    first = details[0] if isinstance(details, list) and details else {}
    message = str(first.get("detail", ""))
    cls = class_of_status(answer.status)
    if answer.status == 400 and _ORACLE_LOCK.search(message):
        cls = FailureClass.TRANSIENT
    code = str(first.get("o:errorCode") or f"HTTP_{answer.status}")
    return failure_of_response(answer, cls, code, message, field=first.get("o:errorPath"))


def classify_workday(answer: Response | Exception, context: CallContext) -> Failure:
    """Workday: SOAP faults are all status 500, only their kind tells; REST says it by status."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    text = answer.body.decode("utf-8", "replace")
    if fault := _FAULT.search(text):
        said = _MESSAGE.search(text)
        message = (said[1] or said[2] or "") if said else ""
        return failure_of_response(answer, _FAULTS[fault[1]], fault[1], message)
    body = answer.json()
    body = body if isinstance(body, dict) else {}
    first = (body.get("errors") or [{}])[0]
    message = str(first.get("error") or body.get("error") or "")
    code = str(body.get("code") or f"HTTP_{answer.status}")
    return failure_of_response(
        answer, class_of_status(answer.status), code, message, field=first.get("field")
    )


def classify_kantata(answer: Response | Exception, context: CallContext) -> Failure:
    """Kantata: tokens never expire, so a refused one was revoked."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    body = answer.json()
    first = (body.get("errors") or [{}])[0] if isinstance(body, dict) else {}
    cls = FailureClass.PERMANENT_CONFIG if answer.status == 401 else class_of_status(answer.status)
    code = str(first.get("type") or f"HTTP_{answer.status}")
    return failure_of_response(answer, cls, code, str(first.get("message", "")), field=first.get("field"))


ENVELOPES: dict[str, Classify] = {
    "oracle": classify_oracle,
    "workday": classify_workday,
    "kantata": classify_kantata,
}
