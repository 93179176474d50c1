"""Start and stop sandbox systems, in a thread for tests and in a process of their own for the product."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.connectors.sandbox.dataverse import DataverseSandbox
from apps.connectors.sandbox.faults import Fault
from apps.connectors.sandbox.hubspot import HubSpotSandbox
from apps.connectors.sandbox.netsuite import NetSuiteSandbox
from apps.connectors.sandbox.salesforce import SalesforceSandbox
from apps.connectors.sandbox.sap import SapSandbox
from apps.connectors.sandbox.server import SandboxServer
from apps.connectors.sandbox.store import Effect, Store
from apps.connectors.sandbox.system import SandboxSystem
from apps.connectors.sandbox.topic import TopicSandbox
from apps.connectors.sandbox.tryton import TrytonSandbox
from apps.connectors.sandbox.webhook import WebhookSandbox
from apps.core.registry import Registry

SANDBOXES: Registry[type[SandboxSystem]] = Registry("sandbox system")
for _system in (
    SalesforceSandbox,
    NetSuiteSandbox,
    DataverseSandbox,
    HubSpotSandbox,
    SapSandbox,
    TrytonSandbox,
    WebhookSandbox,
    TopicSandbox,
):
    SANDBOXES.add(_system.name, _system)

# Known to everyone, for servers that listen on this machine only and hold nothing but copies.
_SECRETS = {
    "salesforce": {
        "client_id": "mdm-hub",
        "client_secret": "sandbox-crm",
        "inbound_secret": "whsec_c2FuZGJveC1jaGFuZ2UtZXZlbnRz",
    },
    "netsuite": {
        "consumer_key": "mdm-hub",
        "consumer_secret": "sandbox-erp",
        "token_id": "mdm-token",
        "token_secret": "sandbox-token",
    },
    "dataverse": {
        "client_id": "mdm-hub",
        "client_secret": "sandbox-dynamics",
        "inbound_secret": "sandbox-endpoint-key",
    },
    "hubspot": {"token": "pat-eu1-sandbox", "client_secret": "sandbox-hubspot"},
    "sap": {"username": "MDM_HUB", "password": "sandbox-sap"},
    "tryton": {"username": "mdm-hub", "password": "sandbox-tryton"},
    "webhook": {
        "secret": "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldA==",
        "inbound_secret": "whsec_c2FuZGJveC1pbmJvdW5kLXNlY3JldA==",
    },
    "topic": {"username": "mdm-hub", "password": "sandbox-broker"},
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "salesforce": {"objects": ["Account", "Opportunity", "pse__Proj__c", "MDM_Invoice__c"]},
    "netsuite": {
        "account": "TSTDRV1",
        "objects": ["customer", "customrecord_mdm_engagement", "job", "employee"],
    },
    "dataverse": {
        "tenant": "sandbox",
        "objects": ["accounts", "opportunities", "msdyn_projects", "bookableresources", "invoices"],
    },
    "hubspot": {"objects": ["companies", "deals", "projects", "users", "invoices"]},
    "sap": {"objects": ["A_BusinessPartner", "A_SalesOrder", "A_EnterpriseProject", "A_BillingDocument"]},
    "tryton": {
        "database": "sandbox",
        "objects": [
            "party.party",
            "sale.opportunity",
            "project.work",
            "company.employee",
            "account.invoice",
        ],
    },
    "webhook": {},
    "topic": {"exchange": "mdm", "queue": "mdm.events"},
}


def default_secrets(name: str) -> dict[str, str]:
    """Return what a connection must hold to sign in to the sandbox of this name."""
    return dict(_SECRETS[name])


def default_options(name: str) -> dict[str, Any]:
    """Return the connection's options for the sandbox of this name."""
    return dict(_OPTIONS[name])


def sandbox_options(name: str, base_url: str) -> dict[str, Any]:
    """Return the same with the addresses that only a running sandbox knows."""
    return {**_OPTIONS[name], **({"login_url": base_url} if name == "dataverse" else {})}


@dataclass(slots=True)
class RunningSandbox:
    """A sandbox that serves; tests read its journal and arm its faults without HTTP."""

    name: str
    server: SandboxServer
    thread: threading.Thread

    @property
    def base_url(self) -> str:
        """The address that a connection holds."""
        return self.system.connection_url(self.server.base_url)

    @property
    def options(self) -> dict[str, Any]:
        return sandbox_options(self.name, self.server.base_url)

    @property
    def system(self) -> SandboxSystem:
        return self.server.system

    @property
    def store(self) -> Store:
        return self.system.store

    def arm(self, kind: str, **options: Any) -> Fault:
        """Arm a fault as POST /__fault__ does."""
        return self.system.arm({"kind": kind, **options})

    def effects(self, obj: str = "", ext_id: str = "") -> list[Effect]:
        return self.store.effects(obj=obj, ext_id=ext_id)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
        self.system.close()


def open_sandbox(
    name: str, *, port: int = 0, state: Path | str = ":memory:", secrets: dict[str, str] | None = None
) -> SandboxServer:
    """Bind a sandbox to a loopback port (0: any free one) without serving yet."""
    keys = {**_SECRETS[name], "account": str(_OPTIONS[name].get("account", "")), **(secrets or {})}
    return SandboxServer(SANDBOXES.get(name)(Store(state), keys), port)


def start_sandbox(
    name: str, *, port: int = 0, state: Path | str = ":memory:", secrets: dict[str, str] | None = None
) -> RunningSandbox:
    """Serve a sandbox from a thread of this process over real HTTP; call `stop()` in the end."""
    server = open_sandbox(name, port=port, state=state, secrets=secrets)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name=f"sandbox-{name}", daemon=True)
    thread.start()
    return RunningSandbox(name, server, thread)
