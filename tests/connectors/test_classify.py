"""Every error answer ends in the class that says what to do about it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.connectors.contracts import CallContext, Failure, FailureClass, Outcome, Response
from apps.connectors.http import TransportFailure
from apps.connectors.systems import dataverse, hubspot, netsuite, salesforce, sap, tryton, webhook
from apps.connectors.vendors import ENVELOPES

CLASSIFY: dict[str, Callable[..., Failure]] = {
    "salesforce": salesforce.classify,
    "netsuite": netsuite.classify,
    "dataverse": dataverse.classify,
    "hubspot": hubspot.classify,
    "sap": sap.classify,
    "tryton": tryton.classify,
    "webhook": webhook.classify,
    "oracle": ENVELOPES["oracle"],
    "workday-soap": ENVELOPES["workday"],
    "workday-rest": ENVELOPES["workday"],
    "kantata": ENVELOPES["kantata"],
}
OWN = json.loads((Path(__file__).parent / "fixtures" / "envelopes.json").read_text())
SHARED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "authored" / "error-envelopes.json"


def class_of(envelope: dict[str, Any]) -> str:
    answer = Response.of(envelope["status"], envelope["headers"], envelope["body"])
    return CLASSIFY[envelope["vendor"]](answer, CallContext("PATCH")).cls.value


@pytest.mark.parametrize("envelope", OWN, ids=lambda one: f"{one['vendor']}: {one['name']}")
def test_own_envelopes(envelope: dict[str, Any]) -> None:
    assert class_of(envelope) == envelope["expect"]


def test_published_envelopes() -> None:
    if not SHARED.exists():
        pytest.skip("the collection of vendors' error answers is not on this machine")
    published = json.loads(SHARED.read_text())
    assert len(published) == 52
    wrong = {one["name"]: class_of(one) for one in published if class_of(one) != one["expect"]}
    assert wrong == {}


@pytest.mark.parametrize("vendor", sorted(CLASSIFY))
@pytest.mark.parametrize(
    ("reason", "sent", "idempotent", "expected"),
    [
        ("connect", False, False, FailureClass.TRANSIENT),
        ("timeout", True, True, FailureClass.TRANSIENT),
        ("timeout", True, False, FailureClass.AMBIGUOUS),
        ("dropped", True, False, FailureClass.AMBIGUOUS),
        ("address", False, True, FailureClass.PERMANENT_CONFIG),
    ],
)
def test_no_answer(vendor: str, reason: Any, sent: bool, idempotent: bool, expected: FailureClass) -> None:
    error = TransportFailure(reason, "gone", sent=sent)
    assert CLASSIFY[vendor](error, CallContext("POST", idempotent=idempotent)).cls is expected


def test_already_submitted_is_pending_and_says_where_to_look() -> None:
    envelope = next(one for one in OWN if one["expect"] == "already_submitted")
    answer = Response.of(envelope["status"], envelope["headers"], envelope["body"])
    outcome = Outcome.failed(netsuite.classify(answer, CallContext("PUT")))
    assert (outcome.status, outcome.poll_url) == ("pending", "/services/rest/async/v1/job/1")


def test_every_class_has_one_meaning() -> None:
    assert len({item.value for item in FailureClass}) == len(FailureClass)
    assert FailureClass.PERMANENT_CONFIG not in {
        cls for cls in FailureClass if Failure(cls, "", "").retryable
    }
