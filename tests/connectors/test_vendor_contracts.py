"""Our sandboxes and mappings against vendors' own descriptions, where these are on the machine."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from apps.connectors.contracts import Connector, FailureClass, Write
from apps.connectors.edmx import read_edmx
from apps.connectors.mappings import Payload, compile_mapping
from apps.connectors.mappings.documents import read_document
from apps.connectors.mappings.schema import OUTBOUND
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.sandbox.dataverse_objects import OBJECTS as TABLES
from apps.connectors.sandbox.sap import SapSandbox
from apps.connectors.sandbox.sap_objects import OBJECTS as SETS
from apps.connectors.services.seeding import default_documents

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
EDMX = ("API_BUSINESS_PARTNER", "API_SALES_ORDER_SRV", "API_BILLING_DOCUMENT_SRV")
pytestmark = pytest.mark.skipif(
    not SPECS.exists(), reason="the vendors' descriptions are not on this machine"
)


def edmx(name: str) -> str:
    return (SPECS / "sap" / f"{name}.edmx").read_text()


def test_saps_own_description_knows_what_our_sandbox_knows() -> None:
    compared = 0
    for name in EDMX:
        for kind in SETS.values():
            if f'EntitySet Name="{kind.name}"' not in edmx(name):
                continue
            described = read_edmx(edmx(name).encode(), kind.name)
            for field in kind.fields:
                known = described.field(field.name)
                assert known is not None, (kind.name, field.name)
                if field.length:
                    assert known.max_length == field.length, (kind.name, field.name)
                compared += 1
    assert compared == 79


@pytest.mark.parametrize("name", ["sap.business_partner", "sap.resource", "sap.sales_order"])
def test_what_our_mappings_write_passes_saps_own_description(
    name: str, sandbox: Callable[..., RunningSandbox], connect: Callable[..., Connector]
) -> None:
    running = sandbox("sap")
    assert isinstance(running.system, SapSandbox)
    for one in EDMX:
        running.system.use_contract(edmx(one))
    connector = connect("sap", running.base_url)
    parent = {"BusinessPartnerCategory": "2", "OrganizationBPName1": "Acme Ltd"}
    assert connector.upsert("A_BusinessPartner", [Write("C-1", parent)])[0].ok
    text = next(text for text in default_documents() if text.startswith(f"mapping: {name}\n"))
    mapping, test = compile_mapping(text), read_document(text, OUTBOUND)["tests"][0]
    payload = mapping.to_remote({**test["hub"], "id": "K-1"}, test.get("refs", {}))
    assert isinstance(payload, Payload)
    for expected in ("created", "updated"):
        (outcome,) = connector.upsert(payload.object, [Write("K-1", payload.body)])
        assert (outcome.status, outcome.failure) == (expected, None)
    (remote,) = connector.fetch(payload.object, ["K-1"], mapping.remote_paths)
    assert mapping.drift(payload, remote.values) == []
    wrong = {**payload.body, "NoSuchProperty": "x"}
    failure = connector.upsert(payload.object, [Write("K-2", wrong)])[0].failure
    assert failure is not None
    assert (failure.cls, failure.field) == (FailureClass.PERMANENT, "NoSuchProperty")


def test_dataverse_tables_agree_with_the_published_csdl() -> None:
    path = SPECS / "authored" / "dataverse-min.csdl.xml"
    root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of our own making
    types = {one.get("Name"): one for one in root.iter() if one.tag.endswith("}EntityType")}
    sets = {
        one.get("Name"): one.get("EntityType", "").rpartition(".")[2]
        for one in root.iter()
        if one.tag.endswith("}EntitySet")
    }
    kinds = {
        "Edm.Decimal": "number",
        "Edm.Int32": "number",
        "Edm.Date": "date",
        "Edm.DateTimeOffset": "datetime",
        "Edm.String": "string",
    }
    compared = 0
    for kind in TABLES.values():
        assert sets[kind.name] == kind.label
        for one in types[kind.label]:
            field = kind.field(str(one.get("Name")))
            if field is None or not one.tag.endswith("}Property"):
                continue
            assert field.type == kinds[str(one.get("Type"))], (kind.name, field.name)
            if one.get("MaxLength") and field.length:
                assert field.length == int(str(one.get("MaxLength"))), (kind.name, field.name)
            compared += 1
    assert compared == 33
