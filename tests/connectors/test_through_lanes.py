"""Every connector under the lanes: delivered once, after a lost answer too, with the mapping version written down."""

from collections.abc import Callable

import pytest

from apps.connectors.mappings import Payload
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.selectors import active_mapping
from apps.connectors.services import connect_sandbox
from apps.core.ids import uuid7
from apps.distribution.models import DeliveryAttempt, ExternalRef
from apps.golden.models import GoldenRecord
from apps.sources.models import Crosswalk, SourceRecord, SourceSystem
from tests.distribution.golden import STEWARD, T0, Target, activate, change, customer, new_record, subscribe

MAPPINGS = {
    "dataverse": "dataverse.account",
    "hubspot": "hubspot.company",
    "netsuite": "netsuite.customer",
    "salesforce": "salesforce.account",
    "sap": "sap.business_partner",
    "topic": "topic.customer",
    "tryton": "tryton.party",
    "webhook": "webhook.customer",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def target(name: str, shared: Callable[[str], RunningSandbox]) -> Target:
    running = shared(name)
    saved = connect_sandbox(name=name, base_url=running.base_url, actor=STEWARD, now=T0)
    activate(MAPPINGS[name])
    subscribe(saved, MAPPINGS[name])
    return Target(running, saved)


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_a_change_arrives_once_also_after_a_lost_answer(name: str, target: Target) -> None:
    record = new_record(customer("Acme Ltd"))
    target.server.arm("drop")
    target.deliver()
    for at in (700.0, 1400.0):
        target.deliver(at=at)
    assert list(target.server.store.counts().values()) == [1]
    change(record, customer("Acme Holdings Ltd"))
    target.deliver(at=2100.0)
    verbs = [verb for verb in target.verbs(record) if verb != "unchanged"]
    assert verbs == ["created", "updated"]
    versions = set(
        DeliveryAttempt.objects.filter(record_id=record.pk).values_list("mapping", "mapping_version")
    )
    assert versions == {(MAPPINGS[name], "1")}
    assert target.outcomes(record)[-1] in ("updated", "confirmed")


@pytest.mark.parametrize("name", sorted(MAPPINGS.keys() - {"topic", "webhook"}))
def test_a_lost_answer_and_a_stale_read_do_no_harm(name: str, target: Target) -> None:
    record = new_record(customer("Acme Ltd"))
    target.deliver()
    change(record, customer("Acme Holdings Ltd"))
    target.server.arm("drop")
    target.deliver(at=60)
    target.server.arm("stale_read")
    for at in (700.0, 1400.0, 2800.0):
        target.deliver(at=at)
    assert list(target.server.store.counts().values()) == [1]
    assert [verb for verb in target.verbs(record) if verb != "unchanged"] == ["created", "updated"]
    assert target.outcomes(record)[-1] in ("updated", "confirmed")
    [row] = target.server.store.rows(active_mapping(MAPPINGS[name]).object)
    assert "Acme Holdings Ltd" in str(row.body)


STATE = sorted(MAPPINGS.keys() - {"topic", "webhook"})
OWN_ID = {"salesforce": {"prefix": "001"}, "dataverse": {"native_id": "11111111-1111-4111-8111-111111111111"}}


def held_of_its_own(name: str, target: Target, legal_name: str, **told: str) -> tuple[str, GoldenRecord]:
    """The system has a customer the hub did not make; its extract was loaded, so it is a member of a golden record."""
    mapping = active_mapping(MAPPINGS[name])
    payload = mapping.to_remote({**customer(legal_name), "id": "x"}, {})
    assert isinstance(payload, Payload)
    row = target.server.store.insert(mapping.object, dict(payload.body), ext_id=None, **OWN_ID.get(name, {}))
    golden = new_record(customer("Acme Group plc"))
    SourceSystem.objects.get_or_create(code=name, defaults={"name": name, "role": "crm"})
    source = SourceRecord.objects.create(
        id=uuid7(), system_id=name, entity="customer", key=row.native_id, layout="x", layout_version=1,
        values={"legal_name": legal_name, **told}, content_hash=b"", complete=True, created_at=T0, changed_at=T0,
    )  # fmt: skip
    Crosswalk.objects.create(
        source_record=source, system_id=name, entity="customer", key=row.native_id, record=golden, method="rule",
        assigned_at=T0,
    )  # fmt: skip
    return row.native_id, golden


@pytest.mark.parametrize("name", STATE)
def test_what_the_system_holds_of_its_own_is_updated_under_its_own_id(name: str, target: Target) -> None:
    native, golden = held_of_its_own(name, target, "Acme Ltd")
    new = new_record(customer("Quay Works Ltd"))
    target.deliver()
    [obj] = target.server.store.counts()
    assert target.server.store.counts() == {obj: 2}
    mine = target.server.store.find(obj, native_id=native)
    assert mine is not None
    assert mine.ext_id == str(golden.pk)
    assert "Acme Group plc" in str(mine.body)
    assert ExternalRef.objects.get(record=golden).native_id == native
    assert ExternalRef.objects.get(record=new).native_id != native
    change(golden, customer("Acme International plc"))
    target.deliver(at=60)
    assert target.server.store.counts() == {obj: 2}
    assert target.outcomes(golden) == ["updated", "updated"] or name == "netsuite"


@pytest.mark.parametrize("name", STATE)
def test_an_id_alone_is_no_proof(name: str, target: Target) -> None:
    """The extract told of another record under that id, or the record is another golden record's by now."""
    native, golden = held_of_its_own(name, target, "Acme Ltd")
    SourceRecord.objects.update(values={"legal_name": "Somebody Else"})
    target.deliver()
    [obj] = target.server.store.counts()
    kept = target.server.store.find(obj, native_id=native)
    assert kept is not None
    assert kept.ext_id is None
    assert "Acme Ltd" in str(kept.body)
    assert ExternalRef.objects.get(record=golden).native_id != native


def test_where_an_entity_goes_into_two_objects_nothing_is_taken_over(
    shared: Callable[[str], RunningSandbox],
) -> None:
    running = shared("salesforce")
    saved = connect_sandbox(name="salesforce", base_url=running.base_url, actor=STEWARD, now=T0)
    activate("salesforce.account")
    subscribe(saved, "salesforce.account")
    target = Target(running, saved)
    native, _ = held_of_its_own("salesforce", target, "Acme Ltd")
    subscribe(saved, "salesforce.other")
    target.deliver()
    kept = running.store.find("Account", native_id=native)
    assert kept is not None
    assert kept.ext_id is None


def test_a_claim_that_is_refused_parks_the_record_and_creates_nothing(
    shared: Callable[[str], RunningSandbox],
) -> None:
    running = shared("netsuite")
    saved = connect_sandbox(name="netsuite", base_url=running.base_url, actor=STEWARD, now=T0)
    activate("netsuite.customer")
    subscribe(saved, "netsuite.customer")
    target = Target(running, saved)
    _, golden = held_of_its_own("netsuite", target, "Acme Ltd")
    running.arm("block")
    target.deliver()
    assert running.store.counts() == {"customer": 1}
    assert target.outcomes(golden) == ["parked"]
