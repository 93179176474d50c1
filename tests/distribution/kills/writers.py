"""Those who change golden records during a series, each a process of its own.

Every value carries a number that only grows per record, so that an older version at a target is seen at once.
"""

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from apps.accounts.models import User
from apps.audit.context import SYSTEM, Actor, acting
from apps.core.clock import utcnow
from apps.golden.models import GoldenRecord
from apps.outbox.models import OutboxEvent
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import propose_values
from tests.distribution.kills.calls import Api, TimesUp, ghosts_of, token_of

RECORDS = 300
POSTERS = 2
BATCH = 15
GHOST = "ghost"
AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_SYLLABLES = (
    "ba",
    "cor",
    "dul",
    "fen",
    "gri",
    "hov",
    "jam",
    "kel",
    "lun",
    "mor",
    "nep",
    "ost",
    "pru",
    "qua",
    "rix",
    "sel",
)


def name_of(number: int) -> str:
    """Return a firm's name that resembles no other one."""
    chance = Random(f"name {number}")
    words = ["".join(chance.choices(_SYLLABLES, k=3)).capitalize() for _ in range(2)]
    return f"{' '.join(words)} Ltd"


def account(number: int, version: int, **fields: Any) -> dict[str, Any]:
    """Return what the CRM says of a record."""
    moment = _EPOCH + timedelta(seconds=version)
    return {
        "Id": f"K{number:04d}",
        "SystemModstamp": moment.isoformat().replace("+00:00", "Z"),
        "Email__c": f"v{version}@k{number:04d}.example.com",
        **fields,
    }


def first_accounts() -> list[dict[str, Any]]:
    """Return all records as they are posted before the series."""
    return [
        account(
            number,
            0,
            Name=name_of(number),
            Website=f"https://k{number:04d}.example.com",
            CurrencyIsoCode="GBP",
            Selling_Entity__c="UK01",
            Status__c="Active",
        )
        for number in range(RECORDS)
    ]


def post(api: Api, chance: Random, mine: int) -> None:
    """Post new versions as a source system does; every other poster waits for the pipeline."""
    versions: dict[int, int] = {}
    path = "/records?wait=true" if mine % 2 else "/records"
    while not api.over():
        chosen = chance.sample(range(mine, RECORDS, POSTERS), BATCH)
        for number in chosen:
            versions[number] = versions.get(number, 0) + 1
        records = [account(number, versions[number]) for number in chosen]
        api.post(path, {"layout": "salesforce.accounts", "mode": "patch", "records": records})
        time.sleep(chance.uniform(0.3, 0.9))


def propose(api: Api, chance: Random, mine: int) -> None:
    """Propose names as a steward does; one proposal per record waits at a time."""
    steward = patiently(api, lambda: User.objects.get(username="steward"))
    records = patiently(api, golden_ids)
    versions: dict[UUID, int] = {}
    while not api.over():
        waiting = patiently(
            api,
            lambda: set(ChangeRequest.objects.filter(status="pending").values_list("record_id", flat=True)),
        )
        if len(waiting) > RECORDS // 3:  # the approver is behind
            time.sleep(1.0)
            continue
        record = chance.choice([each for each in records if each not in waiting])
        versions[record] = versions.get(record, 0) + 1
        with acting(Actor(steward.username, steward.pk, "user"), reason="series"):
            try:
                propose_values(
                    record_id=record,
                    values={"trade_name": f"T{versions[record]}"},
                    reason="series",
                    now=utcnow(),
                )
            except AWAY:
                connection.close()
        time.sleep(chance.uniform(0.1, 0.5))


def approve(api: Api, chance: Random, mine: int) -> None:
    """Approve what waits, as an approver does, through the API."""
    while not api.over():
        waiting = api.get("/change-requests?limit=50")["results"]
        for each in waiting:
            api.post(f"/change-requests/{each['id']}/approve", {"reason": "series"})
        if not waiting:
            time.sleep(0.3)


class TakenBack(Exception):
    """Ends a transaction that must leave no trace."""


def haunt(api: Api, chance: Random, mine: int) -> None:
    """Apply changes, see their events and due lanes, and roll it all back; count them."""
    records = patiently(api, golden_ids)
    taken_back = 0
    while not api.over():
        record, value = chance.choice(records), f"{GHOST}{taken_back}@ghost.example.com"
        try:
            with acting(SYSTEM, reason="series"), transaction.atomic():
                propose_values(record_id=record, values={"email": value}, reason="series", now=utcnow())
                if not OutboxEvent.objects.filter(record_id=record, payload__email=value).exists():
                    raise RuntimeError("a ghost that would not have gone out proves nothing")
                time.sleep(chance.uniform(0, 0.05))
                raise TakenBack
        except TakenBack:
            taken_back += 1
            ghosts_of(api.state).write_text(str(taken_back))
        except AWAY:
            connection.close()
        time.sleep(chance.uniform(0.2, 0.8))


ROLES: dict[str, Callable[[Api, Random, int], None]] = {
    **{f"post{number}": post for number in range(POSTERS)},
    "propose": propose,
    "approve": approve,
    "haunt": haunt,
}


def golden_ids() -> list[UUID]:
    return list(
        GoldenRecord.objects.filter(entity="customer", status="live")
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def patiently(api: Api, ask: Callable[[], Any]) -> Any:
    """Ask the database until it answers."""
    while not api.over():
        try:
            return ask()
        except AWAY:
            connection.close()
            time.sleep(0.2)
    raise TimesUp


def write(role: str, state: Path, address: str, seed: str) -> None:
    """Play a role until the series is over."""
    token = token_of(state, "approver" if role == "approve" else "source").read_text()
    mine = int(role.removeprefix("post")) if role.startswith("post") else 0
    with contextlib.suppress(TimesUp):
        ROLES[role](Api(address, token, state), Random(f"{seed} {role}"), mine)
