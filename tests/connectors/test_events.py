"""Takers of events: signed webhooks and a broker's topic, against receivers that verify all of it."""

import json
from collections.abc import Callable

import pytest

from apps.connectors.contracts import Connector, FailureClass, Outcome, ReadFailed, Write
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox import RunningSandbox, default_secrets
from apps.connectors.sandbox.topic import TopicSandbox

EVENTS = sorted(name for name in CONNECTORS.names() if CONNECTORS.get(name).caps.takes == "events")
both = pytest.mark.parametrize("name", EVENTS)
DELIVERY = "0197f9a2-0000-7000-8000-000000000001"


def write(seq: int = 7, **changes: object) -> Write:
    given = {
        "ext_id": "g1",
        "payload": {"legal_name": "Acme Ltd"},
        "delivery_id": f"{DELIVERY[:-1]}{seq}",
        "mapping_version": "3",
        "seq": seq,
        "occurred_at": "2026-01-31T12:00:00Z",
    }
    return Write(**{**given, **changes})


@pytest.fixture
def target(name: str, shared: Callable[[str], RunningSandbox]) -> RunningSandbox:
    return shared(name)


@pytest.fixture
def connector(name: str, target: RunningSandbox, connect: Callable[..., Connector]) -> Connector:
    return connect(name, target.base_url)


def failure_of(outcome: Outcome) -> tuple[FailureClass, bool]:
    assert outcome.failure is not None
    return outcome.failure.cls, outcome.failure.retryable


def test_there_are_two() -> None:
    assert EVENTS == ["topic", "webhook"]


@both
def test_check_signs_in_and_a_wrong_secret_does_not(
    name: str, connector: Connector, target: RunningSandbox, connect: Callable[..., Connector]
) -> None:
    assert connector.check().ok, connector.check()
    secret = "password" if name == "topic" else "secret"
    stranger = connect(name, target.base_url, secrets={**default_secrets(name), secret: "whsec_d3Jvbmc="})
    assert [(finding.name, finding.ok) for finding in stranger.check().findings] == [("sign-in", False)]
    cls, _ = failure_of(stranger.upsert("customer", [write()])[0])
    assert cls in (FailureClass.PERMANENT_CONFIG, FailureClass.AUTH_REFRESH)
    assert [effect for effect in target.effects() if effect.obj == "customer"] == []


@both
def test_events_arrive_once_however_often_they_are_sent(connector: Connector, target: RunningSandbox) -> None:
    for _ in range(2):
        assert connector.upsert("customer", [write()])[0].status == "updated"
    assert connector.upsert("customer", [write(8, payload={"legal_name": "Acme plc"})])[0].ok
    verbs = [effect.verb for effect in target.effects("customer", "g1")]
    assert verbs == ["created", "unchanged", "updated"]
    row = target.store.find("customer", ext_id="g1")
    assert row is not None
    assert row.body == {"type": "mdm.customer.changed", "sequence": "0000000008", "legal_name": "Acme plc"}


@both
def test_deactivation_is_an_event_of_its_own(connector: Connector, target: RunningSandbox) -> None:
    assert connector.deactivate("customer", [write(payload={"status": "closed"})])[0].ok
    row = target.store.find("customer", ext_id="g1")
    assert row is not None
    assert row.body["type"] == "mdm.customer.deactivated"


@both
@pytest.mark.parametrize("fault", ["500", "503", "refuse", "drop", "lock"])
def test_faults_are_tried_again(connector: Connector, target: RunningSandbox, fault: str) -> None:
    target.arm(fault)
    cls, retryable = failure_of(connector.upsert("customer", [write()])[0])
    assert retryable
    assert cls is FailureClass.TRANSIENT
    assert connector.upsert("customer", [write()])[0].ok
    assert target.store.counts() == {"customer": 1}


@both
def test_a_hanging_receiver_is_given_up(
    name: str, target: RunningSandbox, connect: Callable[..., Connector]
) -> None:
    impatient = connect(name, target.base_url, options={**target.options, "read_seconds": 0.3})
    target.arm("hang", seconds=0.8)
    assert failure_of(impatient.upsert("customer", [write()])[0])[1]
    assert impatient.upsert("customer", [write()])[0].ok


@both
def test_they_cannot_be_asked(connector: Connector) -> None:
    assert connector.caps.reads is False
    for read in (
        lambda: connector.fetch("customer", ["g1"]),
        lambda: connector.fetch_native("customer", ["1"]),
        lambda: connector.scan("customer", []),
        lambda: connector.pull("customer", None),
    ):
        with pytest.raises(ReadFailed) as caught:
            read()
        assert caught.value.failure.code == "not_offered"


@pytest.mark.parametrize("name", ["webhook"])
def test_old_and_new_secret_both_sign_while_it_changes(
    name: str, target: RunningSandbox, connect: Callable[..., Connector]
) -> None:
    known = default_secrets("webhook")["secret"]
    for secrets in (
        {"secret": "whsec_bmV3", "previous_secret": known},
        {"secret": known, "previous_secret": "x"},
    ):
        assert connect(name, target.base_url, secrets=secrets).check().ok
    assert not connect(name, target.base_url, secrets={"secret": "whsec_bmV3"}).check().ok


@pytest.mark.parametrize("name", ["webhook"])
def test_a_late_older_version_changes_nothing_at_a_receiver(
    connector: Connector, target: RunningSandbox
) -> None:
    assert connector.upsert("customer", [write(8), write(7, payload={"legal_name": "Old"})])[1].ok
    row = target.store.find("customer", ext_id="g1")
    assert row is not None
    assert row.body["legal_name"] == "Acme Ltd"


@pytest.mark.parametrize("name", ["webhook"])
def test_retry_after_is_passed_on(connector: Connector, target: RunningSandbox) -> None:
    target.arm("429", retry_after=17)
    failure = connector.upsert("customer", [write()])[0].failure
    assert failure is not None
    assert (failure.cls, failure.retry_after) == (FailureClass.RATE_LIMITED, 17.0)


@pytest.mark.parametrize("name", ["topic"])
def test_messages_keep_the_order_of_a_record(connector: Connector, target: RunningSandbox) -> None:
    items = [write(seq, ext_id=f"g{seq % 2}") for seq in range(1, 9)]
    assert all(outcome.ok for outcome in connector.upsert("customer", items))
    assert isinstance(target.system, TopicSandbox)
    by_record: dict[str, list[str]] = {}
    for route, event in target.system.messages:
        assert route == "customer.changed"
        by_record.setdefault(event["partitionkey"], []).append(event["sequence"])
    assert by_record == {
        "g1": ["0000000001", "0000000003", "0000000005", "0000000007"],
        "g0": ["0000000002", "0000000004", "0000000006", "0000000008"],
    }


@pytest.mark.parametrize("name", ["topic"])
def test_a_message_that_no_queue_takes_is_no_delivery(connector: Connector, target: RunningSandbox) -> None:
    target.arm("answer", status=404)
    failure = connector.upsert("customer", [write()])[0].failure
    assert failure is not None
    assert (failure.cls, failure.code) == (FailureClass.PERMANENT_CONFIG, "UNROUTABLE")


@pytest.mark.parametrize("name", ["topic"])
def test_routing_by_record(name: str, target: RunningSandbox, connect: Callable[..., Connector]) -> None:
    one = connect(name, target.base_url, options={**target.options, "route": "record"})
    assert one.upsert("customer", [write()])[0].ok
    assert isinstance(target.system, TopicSandbox)
    assert [route for route, _ in target.system.messages] == ["g1"]
    assert json.loads(json.dumps(target.system.messages[0][1]))["dataschema"] == "urn:mdm:customer:3"


@pytest.mark.parametrize("name", ["topic"])
@pytest.mark.parametrize(
    ("base_url", "sandbox"), [("amqp://broker.example.com//", True), ("amqps://127.0.0.1//", False)]
)
def test_only_encrypted_brokers_outside(
    name: str, connect: Callable[..., Connector], base_url: str, sandbox: bool
) -> None:
    failure = connect(name, base_url, sandbox=sandbox).upsert("customer", [write()])[0].failure
    assert failure is not None
    assert (failure.cls, failure.code) == (FailureClass.PERMANENT_CONFIG, "address")
