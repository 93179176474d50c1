"""Party, project and invoice in a real Tryton 8.2: created, updated, pulled back, compared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.connectors.contracts import Cursor, FailureClass, Page, Write
from apps.connectors.mappings import OutboundMapping, Payload, compile_mapping
from apps.connectors.services.seeding import DEFAULTS
from apps.connectors.settings import ConnectorSettings
from apps.connectors.systems.tryton import TrytonConnector
from tests.connectors.tryton.server import PASSWORD, RealTryton, real_tryton

pytestmark = pytest.mark.full
CUSTOMER = "0197f9a2-0000-7000-8000-0000000000c1"
PROJECT = "0197f9a2-0000-7000-8000-0000000000a1"
INVOICE = "0197f9a2-0000-7000-8000-0000000000f1"
GOLDEN: dict[str, dict[str, Any]] = {
    "tryton.party": {
        "id": CUSTOMER,
        "mdm_id": CUSTOMER,
        "legal_name": "Acme Ltd",
        "email": "mail@acme.example",
        "status": "active",
        "addresses": [{"kind": "registered", "line1": "1 High St", "city": "Leeds", "country": "GB"}],
    },
    "tryton.project": {
        "id": PROJECT,
        "mdm_id": PROJECT,
        "name": "Rollout",
        "customer": CUSTOMER,
        "budget_hours": "32.50",
        "status": "shell",
    },
    "tryton.invoice": {
        "id": INVOICE,
        "mdm_id": INVOICE,
        "invoice_no": "INV-1",
        "bill_to": CUSTOMER,
        "issued_on": "2026-01-31",
        "currency": "GBP",
        "status": "draft",
        "lines": [{"description": "Design", "net": "1000.00"}, {"description": "Build", "net": "250.50"}],
    },
}
ORDER = tuple(GOLDEN)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTryton]:
    with real_tryton(tmp_path_factory.mktemp("tryton")) as running:
        yield running


def settings_of(server: RealTryton, **secrets: str) -> ConnectorSettings:
    ids = server.ids
    options = {
        "database": "hub",
        "context": {"company": ids["company"]},
        "objects": ["party.party", "project.work", "account.invoice"],
        "defaults": {
            "account.invoice": {"account": ids["receivable"]},
            "account.invoice.line": {"account": ids["revenue"]},
        },
    }
    known = {"username": "admin", "password": PASSWORD, **secrets}
    return ConnectorSettings("tryton", server.base_url, options, known, sandbox=True)


@pytest.fixture(scope="module")
def connector(server: RealTryton) -> Iterator[TrytonConnector]:
    one = TrytonConnector(settings_of(server))
    yield one
    one.close()


def mapping(name: str) -> OutboundMapping:
    return compile_mapping((Path(DEFAULTS) / f"{name}.yaml").read_text())


def rendered(name: str, **changes: object) -> Payload:
    payload = mapping(name).to_remote({**GOLDEN[name], **changes}, {CUSTOMER: CUSTOMER})
    assert isinstance(payload, Payload), payload
    return payload


def write(payload: Payload, **more: Any) -> Write:
    return Write(payload.ext_id, payload.body, **more)


@pytest.fixture(scope="module")
def natives(connector: TrytonConnector) -> dict[str, str]:
    """Deliver everything once, parents first."""
    made = {}
    for name in ORDER:
        payload = rendered(name)
        (outcome,) = connector.upsert(payload.object, [write(payload)])
        assert (outcome.status, outcome.failure) == ("created", None), name
        assert outcome.native_id
        assert outcome.remote_version
        made[name] = outcome.native_id
    return made


def all_pages(connector: TrytonConnector, obj: str, cursor: Cursor | None, **more: Any) -> list[Page]:
    pages = [connector.pull(obj, cursor, ["id"], **more)]
    while pages[-1].more:
        pages.append(connector.pull(obj, pages[-1].next_cursor, ["id"], **more))
    return pages


def test_check_and_discover(connector: TrytonConnector) -> None:
    health = connector.check()
    assert health.ok, health
    catalog = connector.discover()
    for name in ORDER:
        assert mapping(name).check_against(catalog) == []


def test_a_wrong_password_is_told(server: RealTryton) -> None:
    stranger = TrytonConnector(settings_of(server, password="wrong"))
    assert [(one.name, one.ok) for one in stranger.check().findings] == [("sign-in", False)]
    stranger.close()


@pytest.mark.parametrize("name", ORDER)
def test_what_was_written_is_what_is_there(
    connector: TrytonConnector, natives: dict[str, str], name: str
) -> None:
    one, payload = mapping(name), rendered(name)
    (remote,) = connector.fetch(one.object, [payload.ext_id], one.remote_paths)
    assert (remote.ext_id, remote.native_id) == (payload.ext_id, natives[name])
    assert one.drift(payload, remote.values) == []
    (by_number,) = connector.fetch_native(one.object, [natives[name]], one.remote_paths)
    assert by_number.values == remote.values


def test_lists_arrive(connector: TrytonConnector, natives: dict[str, str]) -> None:
    (party,) = connector.fetch("party.party", [CUSTOMER], ["addresses"])
    address = party.values["addresses"][0]
    assert (address["city"], address["country"]) == ("Leeds", {"code": "GB"})
    (invoice,) = connector.fetch("account.invoice", [INVOICE], ["lines"])
    lines = [(line["description"], float(line["unit_price"])) for line in invoice.values["lines"]]
    assert lines == [("Design", 1000.0), ("Build", 250.5)]


@pytest.mark.parametrize(
    ("name", "changes", "field", "value"),
    [
        ("tryton.party", {"legal_name": "Acme Holdings Ltd"}, "name", "Acme Holdings Ltd"),
        ("tryton.project", {"budget_hours": "40.00", "status": "fin_closed"}, "effort_duration", "40"),
        ("tryton.invoice", {"invoice_no": "INV-2"}, "description", "INV-2"),
    ],
)
def test_updates_are_idempotent_and_pulled_back(
    connector: TrytonConnector, natives: dict[str, str], name: str, changes: Any, field: str, value: str
) -> None:
    obj = mapping(name).object
    cursor = all_pages(connector, obj, None)[-1].next_cursor
    assert connector.pull(obj, cursor).changes == ()
    payload = rendered(name, **changes)
    for _ in range(2):
        (outcome,) = connector.upsert(obj, [write(payload, native_id=natives[name])])
        assert (outcome.status, outcome.native_id, outcome.failure) == ("updated", natives[name], None)
    changed = connector.pull(obj, cursor, [field]).changes
    assert [(one.ext_id, one.values[field]) for one in changed] == [(payload.ext_id, value)]
    again = connector.pull(obj, cursor, [field], overlap=connector.caps.overlap_seconds).changes
    assert payload.ext_id in {one.ext_id for one in again}
    assert [one.ext_id for one in connector.scan(obj, [field]).changes] == [payload.ext_id]


def test_a_second_writer_is_noticed(connector: TrytonConnector, natives: dict[str, str]) -> None:
    first = connector.fetch("party.party", [CUSTOMER])[0].version
    payload = rendered("tryton.party", legal_name="Acme One Ltd")
    assert connector.upsert("party.party", [write(payload, expect_version=first)])[0].ok
    late = rendered("tryton.party", legal_name="Acme Two Ltd")
    failure = connector.upsert("party.party", [write(late, expect_version=first)])[0].failure
    assert failure is not None
    assert failure.cls is FailureClass.STALE
    (remote,) = connector.fetch("party.party", [CUSTOMER], ["name"])
    assert remote.values["name"] == "Acme One Ltd"


@pytest.mark.parametrize(
    ("obj", "body", "expected"),
    [
        ("project.work", {"name": "X", "type": "project", "nosuch": 1}, FailureClass.PERMANENT),
        ("project.work", {"type": "project"}, FailureClass.PERMANENT),
        ("project.work", {"name": "X", "party": {"mdm_id": "nobody"}}, FailureClass.MISSING_DEPENDENCY),
        ("account.invoice", {"type": "out", "currency": {"code": "XXX"}}, FailureClass.PERMANENT),
    ],
)
def test_refusals(
    connector: TrytonConnector, natives: dict[str, str], obj: str, body: dict[str, Any], expected: str
) -> None:
    outcome = connector.upsert(obj, [Write("bad", body)])[0]
    assert outcome.failure is not None
    assert outcome.failure.cls == expected, outcome.failure
    assert connector.fetch(obj, ["bad"]) == []


def test_switching_off(connector: TrytonConnector, natives: dict[str, str]) -> None:
    off = mapping("tryton.party").deactivation
    assert off is not None
    outcomes = connector.deactivate("party.party", [Write(CUSTOMER, dict(off)), Write("nobody", dict(off))])
    assert [outcome.status for outcome in outcomes] == ["updated", "failed"]
    (party,) = connector.fetch("party.party", [CUSTOMER], ["active"])
    assert party.values["active"] is False
