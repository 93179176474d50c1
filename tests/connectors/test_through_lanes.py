"""Every connector under the lanes: delivered once, after a lost answer too, with the mapping version written down."""

from collections.abc import Callable

import pytest

from apps.connectors.sandbox import RunningSandbox
from apps.connectors.services import connect_sandbox
from apps.distribution.models import DeliveryAttempt
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
