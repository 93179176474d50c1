"""The sandbox systems keep what they are told, check who calls, and do wrong when armed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from apps.connectors.contracts import Connector, FailureClass, Write
from apps.connectors.sandbox import RunningSandbox, default_secrets
from apps.connectors.sandbox.query import BadQuery, parse_query
from tests.connectors.conftest import settings_for
from tests.connectors.samples import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., RunningSandbox]
Connect = Callable[..., Connector]


def call(method: str, url: str, body: object = None, **headers: str) -> tuple[int, Any]:
    answer = httpx2.request(method, url, json=body, headers=headers, timeout=5)
    is_json = answer.headers.get("content-type") == "application/json"
    return answer.status_code, answer.json() if is_json else answer.text


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"tryton"}))
def test_nothing_is_served_without_sign_in(name: str, sandbox: Start) -> None:
    running = sandbox(name)
    paths = {
        "salesforce": "/services/data/v62.0/limits",
        "netsuite": "/services/rest/record/v1/customer/eid:1",
        "dataverse": "/api/data/v9.2/WhoAmI",
        "hubspot": "/crm/v3/objects/deals",
        "sap": "/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner",
    }
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "OAuth realm=x"}):
        status, body = call("GET", running.base_url + paths[name], **headers)
        assert status == 401
        assert any(word in str(body) for word in ("INVALID", "not valid", "Logon failed"))


def test_a_signature_counts_once_and_for_its_request_only(sandbox: Start) -> None:
    running = sandbox("netsuite")
    keys = default_secrets("netsuite")
    client = Client(
        keys["consumer_key"], keys["consumer_secret"], keys["token_id"], keys["token_secret"],
        signature_method=SIGNATURE_HMAC_SHA256, realm="TSTDRV1",
    )  # fmt: skip
    url = f"{running.base_url}/services/rest/record/v1/metadata-catalog"
    _, headers, _ = client.sign(url, http_method="GET")
    signed = headers["Authorization"]
    assert call("GET", f"{url}/customer", Authorization=signed)[0] == 401
    assert call("GET", url, Authorization=signed)[0] == 200
    assert call("GET", url, Authorization=signed)[0] == 401


def test_netsuite_takes_an_assertion_of_the_registered_certificate(sandbox: Start, connect: Connect) -> None:
    own, other = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
    public = own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    known = {"client_id": "hub", "certificate_id": "cert-1"}
    running = sandbox("netsuite", secrets={**known, "public_key": public})

    def pem(key: Any) -> str:
        return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    good = connect("netsuite", running.base_url, secrets={**known, "private_key": pem(own)})
    assert good.check().ok
    assert good.upsert("customer", [SAMPLES["netsuite"].write("g1")])[0].ok
    running.arm("token_expiry")
    assert good.upsert("customer", [SAMPLES["netsuite"].write("g2")])[0].ok
    for wrong in ({"private_key": pem(other)}, {"private_key": pem(own), "client_id": "someone"}):
        stranger = connect("netsuite", running.base_url, secrets={**known, **wrong})
        failure = stranger.upsert("customer", [SAMPLES["netsuite"].write("g3")])[0].failure
        assert failure is not None
        assert failure.cls is FailureClass.PERMANENT_CONFIG


def test_a_batch_is_refused_record_by_record(sandbox: Start, connect: Connect) -> None:
    running = sandbox("salesforce")
    connector = connect("salesforce", running.base_url)
    items = [Write(f"g{number:03d}", {"Name": f"Acme {number}"}) for number in range(450)]
    items[7] = Write("g007", {"Name": "Acme", "Parent": {"MDM_Id__c": "nobody"}})
    running.arm("lock", obj="Account#item", ext_id="g201")
    outcomes = connector.upsert("Account", items)
    failed = {
        item.ext_id: outcome.failure.cls
        for item, outcome in zip(items, outcomes, strict=True)
        if outcome.failure
    }
    assert failed == {"g007": FailureClass.MISSING_DEPENDENCY, "g201": FailureClass.TRANSIENT}
    assert running.store.counts() == {"Account": 448}


def test_a_stale_write_is_refused(sandbox: Start, connect: Connect) -> None:
    running = sandbox("salesforce")
    connector = connect("salesforce", running.base_url)
    connector.upsert("Account", [Write("g1", {"Name": "Acme"})])
    old = Write("g1", {"Name": "Other"}, expect_version="2020-01-01T00:00:00.000Z")
    failure = connector.upsert("Account", [old])[0].failure
    assert failure is not None
    assert failure.cls is FailureClass.STALE
    version = connector.fetch("Account", ["g1"])[0].version
    assert connector.upsert("Account", [Write("g1", {"Name": "Other"}, expect_version=version)])[0].ok


def test_relations_are_kept_as_ids_and_read_by_external_id(sandbox: Start, connect: Connect) -> None:
    crm = connect("salesforce", sandbox("salesforce").base_url)
    crm.upsert("Account", [Write("p", {"Name": "Parent"})])
    crm.upsert("Account", [Write("c", {"Name": "Child", "Parent": {"MDM_Id__c": "p"}})])
    assert crm.fetch("Account", ["c"], ["Parent.MDM_Id__c"])[0].values["Parent"] == {"MDM_Id__c": "p"}
    erp = connect("netsuite", sandbox("netsuite").base_url)
    erp.upsert("customer", [SAMPLES["netsuite"].write("p")])
    erp.upsert("customer", [SAMPLES["netsuite"].write("c", parent={"externalId": "p"})])
    assert erp.fetch("customer", ["c"])[0].values["parent"]["externalId"] == "p"


def test_sublists_are_replaced_not_doubled(sandbox: Start, connect: Connect) -> None:
    running = sandbox("netsuite")
    erp = connect("netsuite", running.base_url)
    book = {"items": [{"label": "bill_to", "addressBookAddress": {"city": "Leeds"}}]}
    for _ in range(2):
        erp.upsert("customer", [SAMPLES["netsuite"].write("g1", addressBook=book)])
    assert erp.fetch("customer", ["g1"])[0].values["addressBook"] == book
    assert [effect.verb for effect in running.effects("customer", "g1")] == ["created", "unchanged"]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_faults_of_reading_and_silence(name: str, sandbox: Start, connect: Connect) -> None:
    running, sample = sandbox(name), SAMPLES[name]
    connector = connect(name, running.base_url)

    def seen() -> Any:
        return connector.fetch(sample.obj, ["g1"], [sample.field])[0].values[sample.field]

    connector.upsert(sample.obj, [sample.write("g1")])
    connector.upsert(sample.obj, [Write("g1", sample.changed)])
    running.arm("stale_read")
    assert [seen(), seen()] == ["Acme Ltd", "Acme Holdings Ltd"]
    running.arm("silent_change", field=sample.field, value="ACME")
    connector.upsert(sample.obj, [sample.write("g1")])
    assert seen() == "ACME"
    running.arm("delete", obj=sample.obj, ext_id="g1")
    assert connector.fetch(sample.obj, ["g1"]) == []
    assert connector.upsert(sample.obj, [sample.write("g1")])[0].status == "created"


def test_a_hanging_target_is_given_up(sandbox: Start, connect: Connect) -> None:
    running = sandbox("salesforce")
    connector = connect("salesforce", running.base_url)
    running.arm("hang", seconds=0.2)
    failure = connector.upsert("Account", [Write("g1", {"Name": "Acme"})])[0].failure
    assert failure is not None
    assert (failure.cls, failure.status) == (FailureClass.TRANSIENT, 504)


def test_faults_over_http_count_down_and_clear(sandbox: Start) -> None:
    base = sandbox("salesforce").base_url
    assert call("POST", f"{base}/__fault__", {"kind": "lock", "times": 2, "obj": "Account"})[0] == 200
    assert call("GET", f"{base}/__fault__")[1] == [
        {"kind": "lock", "times": 2, "obj": "Account", "ext_id": ""}
    ]
    status, body = call("POST", f"{base}/__fault__", {"kind": "flood"})
    assert status == 400
    assert "there is no fault 'flood'" in body["error"]
    call("DELETE", f"{base}/__fault__")
    assert call("GET", f"{base}/__fault__")[1] == []


def test_a_fault_may_concern_one_record(sandbox: Start, connect: Connect) -> None:
    running = sandbox("netsuite")
    erp = connect("netsuite", running.base_url)
    running.arm("lock", times=0, ext_id="g2")
    outcomes = erp.upsert("customer", [SAMPLES["netsuite"].write(key) for key in ("g1", "g2", "g3", "g2")])
    assert [outcome.ok for outcome in outcomes] == [True, False, True, False]


def test_the_page_shows_what_is_held_and_escapes_it(sandbox: Start, connect: Connect) -> None:
    running = sandbox("salesforce")
    connect("salesforce", running.base_url).upsert(
        "Account", [Write("g1", {"Name": "<script>alert(1)</script>"})]
    )
    running.arm("lock", times=0)
    latest = call("GET", f"{running.base_url}/")[1]
    assert "&lt;script&gt;alert(1)" in latest
    assert "<script>" not in latest
    assert "Armed faults" in latest
    assert "&lt;script&gt;" in call("GET", f"{running.base_url}/?object=Account")[1]
    assert call("GET", f"{running.base_url}/__journal__?ext_id=g1")[1][0]["verb"] == "created"
    assert call("POST", f"{running.base_url}/__reset__")[0] == 200
    assert "Nothing has arrived yet" in call("GET", f"{running.base_url}/")[1]


def test_a_killed_process_loses_nothing(tmp_path: Path, connect: Connect) -> None:
    command = [
        sys.executable,
        "-m",
        "apps.connectors.sandbox",
        "netsuite",
        "--state",
        str(tmp_path / "erp.sqlite"),
    ]

    def serve() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert process.stdout is not None
        return process, process.stdout.readline().split()[-1]

    process, base = serve()
    try:
        erp = connect("netsuite", base)
        assert all(erp.upsert("customer", [SAMPLES["netsuite"].write(f"g{n}")])[0].ok for n in range(20))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    process, base = serve()
    try:
        again = connect("netsuite", base)
        assert len(again.scan("customer", ["companyName"]).changes) == 20
        assert again.upsert("customer", [SAMPLES["netsuite"].write("g7")])[0].native_id
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - started < 4
    finally:
        process.kill()
        process.wait(5)


@pytest.mark.parametrize(
    "text",
    ["DELETE FROM Account", "SELECT Id FROM", "SELECT Id FROM A WHERE", "SELECT Id FROM A; DROP",
     "SELECT Id FROM A LIMIT 1 x"],
)  # fmt: skip
def test_queries_that_are_not_understood(text: str) -> None:
    with pytest.raises(BadQuery):
        parse_query(text)


def test_query_conditions() -> None:
    query = parse_query(
        "SELECT Id FROM A WHERE x IN ('it\\'s', 'b') AND (n > 2 OR n IS NULL) ORDER BY n, Id LIMIT 5"
    )
    assert (query.columns, query.source, query.order, query.limit) == (("Id",), "A", ("n", "Id"), 5)
    rows = [{"x": "it's", "n": 3}, {"x": "it's", "n": 1}, {"x": "b", "n": None}, {"x": "c", "n": 9}]
    assert [query.where(row.get) for row in rows] == [True, False, True, False]


def test_settings_for_the_sandbox_hold_no_foreign_host() -> None:
    assert settings_for("salesforce", "http://127.0.0.1:1").allowed_hosts == {"127.0.0.1"}
