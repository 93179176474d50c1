"""Schemathesis over the whole document: whatever fits the schema, and what does not, is answered as documented."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts.roles import Role
from apps.api.schema.document import openapi_document
from apps.pipeline.tasks import run_pipeline
from tests.api.conftest import ACME, PERSON, Caller, write
from tests.api.wsgi import Counting
from tests.hub import account, master, seed

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def schema() -> Any:
    document = orjson.loads(openapi_document())
    # One entity stands for all: they are built by the same code.
    kept = ("/customers", "/records", "/loads", "/rejected", "/change", "/openapi")
    document["paths"] = {
        path: item
        for path, item in document["paths"].items()
        if path.removeprefix("/api/v1").startswith(kept)
    }
    loaded = schemathesis.openapi.from_dict(document)
    loaded.app = Counting()
    return loaded


SCHEMA = schema()
PLAYED = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def known(caller: Callable[..., Caller], systems: None, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """An administrator's token in a hub that holds some records."""
    seed()
    monkeypatch.setattr(run_pipeline, "delay", lambda: None)
    write("customer", ACME, members=[("netsuite", "77", {"legal_name": "Acme"})])
    write("resource", PERSON)
    master("salesforce.accounts", account("A1", "Acme Ltd", Status__c="Active"))
    return caller(Role.ADMINISTRATOR, name="root")


@pytest.mark.filterwarnings("ignore")
@SCHEMA.parametrize()
@PLAYED
def test_every_address_answers_as_documented(case: Any, known: Caller) -> None:
    case.headers["Authorization"] = f"Bearer {known.token}"
    response = case.call()
    case.validate_response(response, checks=CHECKS)
