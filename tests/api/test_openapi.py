"""The OpenAPI document: valid, up to date in docs/, typed per entity, and true of what the API answers."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from apps.accounts.roles import Role
from apps.api.schema.document import openapi_document
from apps.golden.registry import entities
from tests.api.conftest import ACME, Caller, write
from tests.house.code import ROOT
from tests.hub import account, erp_customer, master, seed


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(openapi_document())
    return found


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": document()["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def check_answer(response: Any, path: str, method: str = "get") -> None:
    """Fail unless the answer has a documented status and content that fits its schema."""
    operation = document()["paths"][path][method]
    described = operation["responses"][str(response.status_code)]
    if "$ref" in described:
        described = document()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" not in described:
        assert response.content == b""
        return
    [(media_type, content)] = described["content"].items()
    assert response["Content-Type"] == media_type
    errors = [
        f"{list(e.absolute_path)}: {e.message}"
        for e in validator(content["schema"]).iter_errors(response.json())
    ]
    assert errors == []


def test_the_document_is_openapi_3_1_and_its_schemas_are_schemas() -> None:
    assert document()["openapi"].startswith("3.1.")
    for name, schema in document()["components"]["schemas"].items():
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
        assert name[0].isupper()


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*map(references, node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    for reference in references(document()):
        place: Any = document()
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_entity_has_its_addresses_and_typed_schemas() -> None:
    paths, schemas = document()["paths"], document()["components"]["schemas"]
    for spec in entities.values():
        for suffix in ("", "/lookup", "/search", "/match", "/{record_id}", "/{record_id}/history"):
            assert f"/api/v1/{spec.plural}{suffix}" in paths
        attributes = schemas[f"{spec.name.capitalize()}Attributes"]["properties"]
        assert list(attributes) == [*(a.name for a in spec.attributes), *(c.name for c in spec.collections)]


def test_a_sixth_entity_gets_all_of_it_for_nothing(steward: Caller, systems: None) -> None:
    schema = document()["components"]["schemas"]["VehicleAttributes"]["properties"]
    assert schema["fuel"]["enum"] == ["petrol", "diesel", "electric", None]
    assert schema["bought_on"]["format"] == "date"
    assert schema["keeper"]["x-references"] == "resource"
    assert schema["phone"]["x-personal"] is True
    van = write(
        "vehicle",
        {
            "name": "Van", "plate": "B MW 1", "fuel": "diesel", "seats": 3, "load": "1.250000", "price": "25000.00",
            "leased": False, "bought_on": "2024-05-06", "seen_at": "2026-01-02T03:04:05Z", "status": "in_use",
            "trips": [{"number": 1, "driven_on": "2026-02-28", "distance": "12.500000"}],
        },
        members=[("netsuite", "V1", {})],
    )  # fmt: skip
    found = steward.get("vehicles/lookup?plate=B MW 1")
    check_answer(found, "/api/v1/vehicles/lookup")
    assert found.json()["id"] == str(van)
    assert found.json()["attributes"] == {
        "name": "Van", "plate": "B MW 1", "fuel": "diesel", "seats": 3, "load": "1.250000", "price": "25000.00",
        "currency": None, "leased": False, "bought_on": "2024-05-06", "seen_at": "2026-01-02T03:04:05Z",
        "keeper": None, "phone": None, "status": "in_use",
        "trips": [{"number": 1, "driver": None, "driven_on": "2026-02-28", "distance": "12.500000"}],
    }  # fmt: skip
    assert steward.get("vehicles?fuel=diesel").json()["results"] == [found.json()]


def test_the_committed_copy_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "write_openapi", "--check"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mdm.settings.local"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_answers_fit_their_schemas(caller: Callable[..., Caller], acme: UUID, person: UUID) -> None:
    paths = {
        "/api/v1/customers": "",
        "/api/v1/customers/{record_id}": "",
        "/api/v1/customers/{record_id}/history": "",
        "/api/v1/customers/{record_id}/members": "",
        "/api/v1/customers/{record_id}/provenance": "",
        "/api/v1/customers/{record_id}/writes": "",
        "/api/v1/customers/{record_id}/deliveries": "",
        "/api/v1/customers/lookup": "?system=netsuite&key=77",
        "/api/v1/customers/search": "?q=acme",
        "/api/v1/changes": "",
        "/api/v1/loads": "",
        "/api/v1/change-requests": "",
        "/api/v1/openapi.json": "",
    }
    for role in (Role.STEWARD, Role.VIEWER):
        asking = caller(role)
        for path, query in paths.items():
            response = asking.get(path.format(record_id=acme) + query)
            assert response.status_code == 200, (path, response.content)
            check_answer(response, path)
        check_answer(asking.get(f"resources/{person}"), "/api/v1/resources/{record_id}")
        check_answer(asking.get(f"resources/{acme}"), "/api/v1/resources/{record_id}")
        keys = asking.post("customers/lookup", {"keys": [{"id": str(acme)}, {"id": str(person)}]})
        check_answer(keys, "/api/v1/customers/lookup", "post")
        check_answer(asking.post("customers/lookup", {"keys": 1}), "/api/v1/customers/lookup", "post")
    nobody = caller(name="nobody")
    check_answer(nobody.get("customers"), "/api/v1/customers")
    check_answer(Client().get("/api/v1/customers"), "/api/v1/customers")


def test_search_and_match_find_what_exists(steward: Caller, viewer: Caller, db: None) -> None:
    seed()
    master(
        "salesforce.accounts",
        account("A1", "Northwind Harbour Ltd", Website="northwind-harbour.example", BillingCity="Leeds"),
        account("A2", "Blue Ridge Consulting GmbH"),
    )
    master(
        "netsuite.customers",
        erp_customer("77", "NORTHWIND HARBOUR LIMITED", url="www.northwind-harbour.example"),
    )
    golden = steward.get("customers/lookup?system=salesforce&key=A1").json()

    for q in ("northwind harbor", "Nothwind Harbour", golden["code"], "A1"):
        response = steward.get(f"customers/search?q={q}")
        check_answer(response, "/api/v1/customers/search")
        assert response.json()["results"][0]["record"] == golden, q
    assert steward.get("customers/search?q=entirely else").json()["results"] == []

    asked = {
        "attributes": {"legal_name": "Northwind Harbour", "domain": "https://northwind-harbour.example/"}
    }
    response = steward.post("customers/match", asked)
    check_answer(response, "/api/v1/customers/match", "post")
    best = response.json()["results"][0]
    assert (best["record_id"], best["record"]) == (golden["id"], golden)
    assert best["band"] in ("MATCH", "REVIEW")
    check_answer(viewer.post("customers/match", asked), "/api/v1/customers/match", "post")
    unknown = steward.post("customers/match", {"attributes": {"legal_nam": "x"}})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/attributes")
    nothing = steward.post("customers/match", {"attributes": {"legal_name": "Quite Another Company"}})
    assert nothing.json()["results"] == []


def test_docs_need_a_sign_in_and_come_from_the_hub_itself(caller: Callable[..., Caller]) -> None:
    browser = Client()
    away = browser.get("/api/v1/docs")
    assert (away.status_code, away["Location"]) == (302, "/admin/login/?next=%2Fapi%2Fv1%2Fdocs")
    browser.force_login(caller(Role.VIEWER).user, backend="django.contrib.auth.backends.ModelBackend")
    page = browser.get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/openapi.json" in text
    assert "https://" not in text
    assert "cdn" not in text
    assert "script-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "unsafe" not in browser.get("/api/v1/openapi.json")["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["customers", "engagements", "projects", "resources", "invoices"])
def test_lookup_parameters_are_documented(name: str) -> None:
    shown = [each["name"] for each in document()["paths"][f"/api/v1/{name}/lookup"]["get"]["parameters"]]
    assert shown[:3] == ["If-None-Match", "system", "key"]
    assert len(shown) > 3
    if name == "customers":
        assert {"tax_id", "domain", "email", "contact_email", "number"} <= set(shown)
        assert set(ACME) & set(shown) >= {"number", "domain", "email"}
