"""What must be true when all is quiet: at both targets, every record, every write they were ever given."""

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.audit.context import SYSTEM
from apps.core.bulk import raw_cursor
from apps.distribution.models import DeliveryAttempt, Lane
from apps.distribution.selectors import database_now
from apps.distribution.services import reconcile_target
from apps.outbox.models import OutboxEvent
from apps.stewardship.models import ChangeRequest
from tests.distribution.kills.stack import store_of
from tests.distribution.kills.writers import GHOST

# target: its object for a customer, its fields for e-mail and trade name
TOLD = {"salesforce": ("Account", "Email__c", "Trade_Name__c"), "netsuite": ("customer", "email", "altName")}


@dataclass
class Verdict:
    """`faults` are the things that must not be; `facts` are counted for the table."""

    facts: dict[str, Any] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def blame(self, what: str, example: str) -> None:
        self.faults[what] += 1
        if self.faults[what] <= 5:
            self.examples.append(f"{what}: {example}")


def judge(state: Path) -> Verdict:
    """Compare the targets' books with the hub's."""
    verdict = Verdict()
    for what in ("lost", "duplicate effects", "version regressions", "deliveries of rolled-back changes"):
        verdict.faults[what] = 0
    approved = _approved()
    for target, (obj, email, trade) in TOLD.items():
        with sqlite3.connect(store_of(state, target)) as books:
            written = books.execute(
                "SELECT ext_id, verb, delivery, body FROM applied WHERE obj = ? ORDER BY seq", (obj,)
            )
            rows = [(ext, verb, key, json.loads(body)) for ext, verb, key, body in written]
        _judge_writes(verdict, target, rows, email, trade)
        held = {ext: body for ext, _, _, body in rows}
        for record, document in approved.items():
            body = held.get(record, {})
            if (body.get(email), body.get(trade)) != (document.get("email"), document.get("trade_name")):
                verdict.blame("lost", f"{target} {record} holds {body.get(email)}, {body.get(trade)}")
        run = reconcile_target(target=target, actor=SYSTEM, now=database_now())
        _judge_reconciliation(verdict, target, run)
    _judge_books(verdict)
    return verdict


def _approved() -> dict[str, dict[str, Any]]:
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (record_id) record_id::text, payload FROM outbox_outboxevent"
            " WHERE entity = 'customer' ORDER BY record_id, seq DESC"
        )
        return dict(cursor.fetchall())


def _judge_writes(
    verdict: Verdict, target: str, rows: list[tuple[str, str, str, dict[str, Any]]], email: str, trade: str
) -> None:
    newest: dict[str, tuple[int, int]] = {}
    keys: Counter[str] = Counter()
    verdict.facts[f"{target}: writes"] = len(rows)
    verdict.facts[f"{target}: of which repeats without effect"] = sum(
        verb == "unchanged" for _, verb, _, _ in rows
    )
    for ext, verb, key, body in rows:
        if GHOST in json.dumps(body):
            verdict.blame("deliveries of rolled-back changes", f"{target} {ext}")
        now, before = (_number(body.get(email)), _number(body.get(trade))), newest.get(ext)
        if before and (now[0] < before[0] or now[1] < before[1]):
            verdict.blame("version regressions", f"{target} {ext} from {before} to {now}")
        if verb != "unchanged":
            keys[key] += bool(key)
            if before == now or (verb == "created" and before is not None):
                verdict.blame("duplicate effects", f"{target} {ext} {verb} {now} again")
        newest[ext] = now
    for key, count in keys.items():
        if count > 1:
            verdict.blame("duplicate effects", f"{target} did {key} {count} times")


def _number(text: str | None) -> int:
    found = re.match(r"[vT](\d+)", text or "")
    return int(found[1]) if found else 0


def _judge_reconciliation(verdict: Verdict, target: str, run: Any) -> None:
    found = {kind: count for kind, count in run.counts.items() if count} if hasattr(run, "counts") else {}
    verdict.facts[f"{target}: reconciliation"] = f"{run.state} {found or ''}".strip()


def _judge_books(verdict: Verdict) -> None:
    """No lane is parked, leased or behind; every attempt has ended; one key per version of a lane."""
    for lane in Lane.objects.exclude(park_code=""):
        verdict.blame("parked lanes", f"{lane} {lane.park_code} {lane.park_reason[:100]}")
    for lane in Lane.objects.filter(lease_until__isnull=False):
        verdict.blame("leases left", str(lane))
    for attempt in DeliveryAttempt.objects.filter(ended_at__isnull=True):
        verdict.blame("attempts without end", str(attempt))
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT outcome, count(*) FROM distribution_deliveryattempt GROUP BY 1 ORDER BY 2 DESC"
        )
        verdict.facts["attempts by outcome"] = ", ".join(f"{count} {outcome}" for outcome, count in cursor)
        cursor.execute(
            "SELECT lane_id, seq, count(DISTINCT key) FROM distribution_deliveryattempt"
            " GROUP BY lane_id, seq, op HAVING count(DISTINCT key) > 1"
        )
        for lane, seq, count in cursor.fetchall():
            verdict.blame("keys that changed", f"lane {lane} version {seq}: {count}")
    later = OutboxEvent.objects.filter(seq__gt=1).count()
    verdict.facts["approved changes"] = f"{later} and {OutboxEvent.objects.count() - later} new records"
    verdict.facts["of which a person approved"] = ChangeRequest.objects.filter(status="approved").count()
