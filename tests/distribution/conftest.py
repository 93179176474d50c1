"""Sandbox targets over real HTTP, and a clock the test turns."""

from collections.abc import Iterator

import pytest

from apps.connectors.sandbox import RunningSandbox, start_sandbox
from tests.distribution.golden import Target, connect


@pytest.fixture
def erp_server() -> Iterator[RunningSandbox]:
    running = start_sandbox("netsuite")
    yield running
    running.stop()


@pytest.fixture
def crm_server() -> Iterator[RunningSandbox]:
    running = start_sandbox("salesforce")
    yield running
    running.stop()


@pytest.fixture
def erp(db: None, erp_server: RunningSandbox) -> Target:
    """The sandbox ERP with a subscription for customers."""
    return connect(erp_server, {"netsuite.customer": "customer"})


@pytest.fixture
def crm(db: None, crm_server: RunningSandbox) -> Target:
    """The sandbox CRM with a subscription for customers."""
    return connect(crm_server, {"salesforce.account": "customer"})
