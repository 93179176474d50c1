"""One series from start to verdict: the hub, its writers, the strikes, the wait until all is quiet."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import F

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user, issue_token
from apps.core.clock import utcnow
from apps.distribution.models import Lane, TargetState
from apps.outbox.models import OutboxEvent
from apps.sources.models import SourceRecord
from mdm.local.children import spawn
from mdm.local.paths import ROOT
from mdm.local.programs import progress_watch
from mdm.local.supervisor import Supervisor, Watch, signals_interrupt
from tests.distribution.kills.calls import Api, end_of, ghosts_of, token_of
from tests.distribution.kills.nemesis import Nemesis, disarm
from tests.distribution.kills.schedule import strikes_of
from tests.distribution.kills.stack import KILLED_NOT_UNPLUGGED, SeriesStack
from tests.distribution.kills.verdict import Verdict, judge
from tests.distribution.kills.writers import AWAY, RECORDS, ROLES, first_accounts

SETTLE_SECONDS = 90.0
"""So long after the last wait that the hub itself had set when the faults ended, everything must have arrived."""


class Series:
    """`given` has seed, kills, changes, gap and longest."""

    def __init__(self, given: argparse.Namespace, state: Path, web: int, crm: int, erp: int) -> None:
        self.given, self.state, self.began = given, state, time.monotonic()
        self.stack = SeriesStack(
            state, self.say, port=web, crm_port=crm, erp_port=erp, demo=False, postgres=KILLED_NOT_UNPLUGGED
        )
        self.targets = {
            "salesforce": self.stack.env["MDM_SANDBOX_CRM_URL"],
            "netsuite": self.stack.env["MDM_SANDBOX_ERP_URL"],
        }
        strikes = strikes_of(given.seed, kills=given.kills, gap=given.gap)
        self.nemesis = Nemesis(iter(strikes), self.targets, self._rested)
        self.changes = 0
        self._asked = self._told = 0.0

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def run(self) -> int:
        """Return 0 when all is as it must be."""
        heard: list[str] = []
        with signals_interrupt(), Supervisor(self.state, self.say, longest_pause=2.0) as supervisor:
            self.stack.start(supervisor)
            if not token_of(self.state, "source").exists():
                self._prepare(supervisor)
                if self.given.prepared:
                    supervisor.stop_all()
                    subprocess.run(["cp", "-a", self.state, self.given.prepared], check=True)
                    self.stack.start(supervisor)
            supervisor.report = heard.append
            writers = [self._writer(role) for role in ROLES]
            watches: list[Watch] = [progress_watch(self.state), self.nemesis]
            self.say(f"{len(writers)} writers; {self.given.kills} kills, {self.given.changes} changes to go")
            start = time.monotonic()
            supervisor.watch(watches, until=lambda: self._enough(start))
            end_of(self.state).touch()
            struck = time.monotonic()
            for address in self.targets.values():
                disarm(address)
            supervisor.watch(
                watches[:1], until=lambda: all(w.poll() is not None for w in writers) or _passed(struck, 40)
            )
            ended = [writer.poll() for writer in writers]
            bound = self._bound(supervisor, struck)
            quiet = self._await_quiet(supervisor, struck, bound)
            verdict = judge(self.state)
        verdict.facts["rest of the waits the hub had set"] = f"{bound:.1f} s"
        verdict.facts["quiet after the last strike"] = f"{quiet:.1f} s"
        if quiet > bound + SETTLE_SECONDS:
            verdict.blame("not quiet in time", f"{quiet:.0f} s")
        return self._tell(verdict, ended, struck - start)

    def _prepare(self, supervisor: Supervisor) -> None:
        """Issue tokens, post the records, and wait until both targets have them."""
        source = create_user(username="series-source", roles=[Role.INTEGRATION], is_service=True)
        for name, user in (("source", source), ("approver", User.objects.get(username="admin"))):
            token = issue_token(user=user, label="series", expires_at=utcnow() + timedelta(hours=2))
            token_of(self.state, name).write_text(token)
        api = Api(
            f"http://127.0.0.1:{self.stack.port}", token_of(self.state, "source").read_text(), self.state
        )
        accounts = first_accounts()
        for start in range(0, len(accounts), 100):
            api.post(
                "/records",
                {"layout": "salesforce.accounts", "mode": "full", "records": accounts[start : start + 100]},
            )
        self._until(
            supervisor, lambda: Lane.objects.filter(done_seq=F("last_seq")).count() == 2 * RECORDS, 180
        )
        self.say(f"{RECORDS} records are in both targets")

    def _writer(self, role: str) -> Any:
        command = [sys.executable, "-m", "tests.distribution.kills.writing", role, str(self.state)]
        command += [f"http://127.0.0.1:{self.stack.port}", str(self.given.seed)]
        return spawn(command, log=self.state / f"log/writer-{role}.log", env=self.stack.env, cwd=ROOT)

    def _enough(self, start: float) -> bool:
        now = time.monotonic()
        if now - self._asked > 2.0:
            self._asked, before = now, self.changes
            self.changes = _ask(_later_versions, before)
            if now - self._told > 30.0:
                self._told = now
                self.say(f"{self.nemesis.done} kills, {self.changes} changes")
        through: bool = self.nemesis.done >= self.given.kills and self.changes >= self.given.changes
        return through or now - start > self.given.longest

    def _rested(self) -> bool:
        """Tell whether the hub has got as far as it should be after so many kills."""
        due: float = 0.9 * self.nemesis.done * self.given.changes / self.given.kills
        return self.changes >= due

    def _bound(self, supervisor: Supervisor, since: float) -> float:
        """Return the seconds from the last strike to the end of the last wait that is set now.

        A breaker that armed faults opened again and again rests up to ten minutes: by design, not by accident.
        """
        self._until(supervisor, lambda: _ask(_open_waits, -1) >= 0, 60)
        return time.monotonic() - since + _ask(_open_waits, 0)

    def _await_quiet(self, supervisor: Supervisor, since: float, bound: float) -> float:
        """Return the seconds until nothing was on its way any more."""
        longest = since + bound + SETTLE_SECONDS + 30 - time.monotonic()
        self._until(supervisor, lambda: _ask(_on_its_way, 1) == 0, longest)
        return time.monotonic() - since

    def _until(self, supervisor: Supervisor, happened: Callable[[], bool], seconds: float) -> None:
        began = time.monotonic()
        while not _passed(began, seconds):
            if happened():
                return
            supervisor.watch(until=partial(_passed, time.monotonic(), 0.5))
        self.say(f"not within {seconds:.0f} s")

    def _tell(self, verdict: Verdict, ended: list[Any], lasted: float) -> int:
        nemesis, given = self.nemesis, self.given
        if nemesis.done < given.kills:
            verdict.blame("too few kills", str(nemesis.done))
        if not nemesis.kills["broker wipe"]:
            verdict.blame("the broker was not emptied", "")
        if self.changes < given.changes:
            verdict.blame("too few changes", str(self.changes))
        for role, code in zip(ROLES, ended, strict=True):
            if code != 0:
                verdict.blame("a writer failed", f"{role}: {code}")
        facts = {
            "seed": given.seed,
            "lasted": f"{lasted:.0f} s",
            "kills": f"{nemesis.done}: " + ", ".join(f"{n} {who}" for who, n in nemesis.kills.most_common()),
            "faults of targets": ", ".join(f"{n} {kind}" for kind, n in nemesis.faults.most_common()),
            "rolled back on purpose": _read(ghosts_of(self.state)),
            **verdict.facts,
            **{what.upper(): count for what, count in verdict.faults.items()},
        }
        print("\n" + "\n".join(f"| {name} | {value} |" for name, value in facts.items()), flush=True)
        print("\n".join(verdict.examples), flush=True)
        return 1 if sum(verdict.faults.values()) else 0


def _passed(since: float, seconds: float) -> bool:
    return time.monotonic() - since > seconds


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else "0"


def _ask(question: Callable[[], int], otherwise: int) -> int:
    try:
        return question()
    except AWAY:
        connection.close()
        return otherwise


def _later_versions() -> int:
    return OutboxEvent.objects.filter(seq__gt=1).count()


def _open_waits() -> int:
    """Return the whole seconds until every breaker, hold and retry that is set now has run out."""
    behind = Lane.objects.filter(done_seq__lt=F("last_seq"), parked_at__isnull=True, waiting_for__isnull=True)
    ends = [*behind.values_list("next_at", flat=True)]
    for until in TargetState.objects.values_list("open_until", "hold_until"):
        ends += [each for each in until if each]
    return max(0, ceil((max(ends, default=utcnow()) - utcnow()).total_seconds()))


def _on_its_way() -> int:
    """Count what has not come to rest: pending records and lanes that are behind or leased."""
    behind = Lane.objects.filter(done_seq__lt=F("last_seq"), parked_at__isnull=True).count()
    leased = Lane.objects.filter(lease_until__isnull=False).count()
    return behind + leased + SourceRecord.objects.filter(pending_since__isnull=False).count()
