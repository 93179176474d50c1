"""Explanations and verdicts over REST: who won, why the others lost, what would flip it; masked by role."""

from collections.abc import Callable
from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.mastering.engine.ownership import Verdict
from apps.mastering.services import OwnershipCell
from tests.api.conftest import Caller
from tests.hub import seed
from tests.mastering.ruling import customer_of_two_systems, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def shadowed() -> UUID:
    seed()
    rule({("name", "*"): OwnershipCell(("crm",), Verdict.SHADOW)})
    contact = {"role": "Billing", "contact": "Jane Roe", "email": "jane@acme.example"}
    return customer_of_two_systems(erp={"contactRoles": {"items": [contact]}})


def test_provenance_explains_winner_and_losers(caller: Callable[..., Caller], shadowed: UUID) -> None:
    told = caller(Role.STEWARD).get(f"customers/{shadowed}/provenance").json()["explained"]
    name = told[0]
    assert (name["attribute"], name["rule"], name["state"], name["ownership_version"]) == (
        "legal_name", "name", "prospect", 2,
    )  # fmt: skip
    assert [(c["system"], c["wins"], c["verdict"], c["lost_by"]) for c in name["candidates"]] == [
        ("salesforce", True, "accept", None),
        ("netsuite", False, "shadow", "verdict"),
    ]
    assert name["candidates"][1]["would_win_if"] == ["netsuite is the first owner of name in state prospect"]


def test_personal_values_are_masked_in_explanations(caller: Callable[..., Caller], shadowed: UUID) -> None:
    path = f"customers/{shadowed}/provenance"
    assert "jane@acme.example" in caller(Role.STEWARD).get(path).text
    answer = caller(Role.VIEWER).get(path)
    assert "jane" not in answer.text.lower()
    [contact] = [each for each in answer.json()["explained"] if each["attribute"] == "contacts"]
    assert contact["item"] == {"role": "billing", "email": None}


def test_writes_tell_what_was_tried(caller: Callable[..., Caller], shadowed: UUID) -> None:
    viewer = caller(Role.VIEWER)
    writes = viewer.get(f"customers/{shadowed}/writes").json()["results"]
    [tried] = [each for each in writes if each["verdict"] == "shadow" and each["current"]]
    assert (tried["writer"], tried["group"], tried["rule"], tried["ownership_version"], tried["tried"]) == (
        "netsuite", "name", "name", 2, {"legal_name": "From ERP"},
    )  # fmt: skip
    assert viewer.get(f"invoices/{shadowed}/writes").status_code == 404
