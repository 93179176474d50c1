"""One record's round through a running hub, seen from outside: posted, golden, in both targets."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from mdm.local.children import LocalServiceError

T = TypeVar("T")
LAYOUT = "salesforce.accounts"
SYSTEM = "salesforce"
TARGETS = {"CRM": "Account", "ERP": "customer"}  # target: its object for a customer


@dataclass(frozen=True)
class Round:
    """Addresses and the way in; every wait ends after `seconds` with an error that tells what is missing."""

    hub: str
    token: str
    targets: dict[str, str]
    report: Callable[[str], None]
    seconds: float = 120.0

    def prove(self, mark: str) -> str:
        """Post an account named after `mark`, follow it to both targets, return its golden id."""
        key = f"check-{mark}"
        account = {
            "Id": key,
            "Name": f"Round {mark} Ltd",
            "Website": f"https://round-{mark}.example.com",
            "CurrencyIsoCode": "GBP",
            "Selling_Entity__c": "UK01",
            "Status__c": "Active",
            "SystemModstamp": "2026-01-01T00:00:00Z",
        }
        body = {"layout": LAYOUT, "mode": "patch", "records": [account]}
        posted = self._ask(f"{self.hub}/api/v1/records", body)
        load = posted["load"]
        if load["new"] != 1:
            raise LocalServiceError(f"the posted record did not land: {json.dumps(load)}")
        self.report(f"record {key} landed as load {load['id']}")
        query = urllib.parse.urlencode({"system": SYSTEM, "key": key})
        found = self._await(
            "become golden", lambda: self._golden(f"{self.hub}/api/v1/customers/lookup?{query}")
        )
        golden = str(found["id"])
        self.report(f"golden record {golden}")
        for target, address in self.targets.items():
            look = partial(self._effects, target, address, golden)
            self._await(f"arrive in the {target}", look)
            self.report(f"arrived in the {target} as {TARGETS[target]}")
        return golden

    def _golden(self, address: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._ask(address)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return found

    def _effects(self, target: str, address: str, golden: str) -> list[dict[str, Any]] | None:
        query = urllib.parse.urlencode({"obj": TARGETS[target], "ext_id": golden})
        effects: list[dict[str, Any]] = self._ask(f"{address}/__journal__?{query}")
        return effects or None

    def _await(self, what: str, look: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + self.seconds
        while time.monotonic() < deadline:
            if (seen := look()) is not None:
                return seen
            time.sleep(0.5)
        raise LocalServiceError(f"the record did not {what} within {self.seconds:.0f} s")

    def _ask(self, address: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        if content:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        request = urllib.request.Request(address, content, headers)  # noqa: S310 - addresses of our own services
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - addresses of our own services
            return json.load(response)
