"""One run of deliveries to one target: claim, draft, call in a thread pool, settle, until nothing is due."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from psycopg import OperationalError as DriverError

from apps.connectors.contracts import Connector
from apps.connectors.models import Connection
from apps.distribution.attempts import open_attempts
from apps.distribution.calling import Call, Result, carry_out, plan_calls
from apps.distribution.claiming import Claim, claim_lanes, renew_leases
from apps.distribution.clock import RunningClock, passed
from apps.distribution.contracts import RunReport
from apps.distribution.drafts import Draft, write_drafts
from apps.distribution.engine.delays import LEASE
from apps.distribution.facts import load_facts
from apps.distribution.gate import locked_state
from apps.distribution.health import note_health, speak_ill
from apps.distribution.models import Outcome, TargetState
from apps.distribution.outcomes import Ending, ending_of_draft, ending_of_result
from apps.distribution.settling import settle

T = TypeVar("T")
log = structlog.get_logger(__name__)

_RENEW_EVERY = LEASE.total_seconds() / 3
_LINGER = 0.005
"""Seconds that an answer waits for others, so that one statement writes them all down."""
_LOCKED = 0.05
"""Seconds until outcomes whose lanes somebody had locked are written again."""
_PATIENCE = 60.0
"""Seconds for which answers are kept while the database is away; a lane taken over meanwhile refuses them."""
_AWAY = (OperationalError, InterfaceError, DriverError)


class DeliveryRun:
    """Keeps up to the target's limit of calls in the air. Only this thread touches the database.

    `bell` rings when there may be something new to deliver: then calls that are out are not waited for.
    """

    def __init__(
        self,
        *,
        connection: Connection,
        connector: Connector,
        limit: int,
        worker: str,
        clock: RunningClock,
        bell: threading.Event | None = None,
    ) -> None:
        self._connection = connection
        self._connector = connector
        self._limit = limit
        self._worker = worker
        self._clock = clock
        self._bell = bell or threading.Event()
        self._flying: dict[Future[list[Result]], Call] = {}
        self._left: list[Ending] = []
        self._alone = False
        self._claimed = 0
        self._gate = ""
        self._outcomes: Counter[str] = Counter()
        self._renewed = passed()

    def run(self) -> RunReport:
        """Deliver until nothing more may go out; calls on their way are waited for."""
        state = getattr(self._connection, "delivery_state", None) or self._first_state()
        with ThreadPoolExecutor(state.max_inflight, thread_name_prefix="deliver") as pool:
            while self._launch(pool, state.max_inflight, state.batch_size) or self._flying or self._left:
                self._collect()
        return RunReport(self._connection.code, self._claimed, dict(self._outcomes), self._gate)

    def _first_state(self) -> TargetState:
        with transaction.atomic():
            return locked_state(self._connection)

    def _launch(self, pool: ThreadPoolExecutor, most: int, batch_size: int) -> bool:
        """Claim what may go out now and start its calls; return whether anything was claimed.

        A call more than the `most` at a time would only wait with its lease: until one is back, changes gather.
        """
        free = min(self._limit - self._claimed, (most - len(self._flying)) * batch_size)
        if free < 1 or (self._alone and self._flying):
            return False
        self._bell.clear()  # whatever rang until now, this claim sees
        began = passed()
        claim = self._patiently(lambda: self._claim(free))
        self._alone, self._gate = claim.alone, claim.gate
        self._claimed += len(claim.tokens)
        if claim.parked:
            self._outcomes[Outcome.PARKED] += claim.parked
        if not claim.tokens:
            return False
        self._renewed = self._renewed if self._flying else began
        drafts = self._patiently(lambda: self._draft(claim))
        now = self._clock.now()
        self._patiently(lambda: self._open(drafts, now))
        for call in plan_calls(drafts, batch_size=batch_size):
            future = pool.submit(carry_out, self._connector, call, self._still_leased)
            self._flying[future] = call
            future.add_done_callback(lambda _: self._bell.set())
        self._settle([ending_of_draft(draft, now=now) for draft in drafts if draft.outcome is not None])
        return True

    def _claim(self, free: int) -> Claim:
        return claim_lanes(
            connection=self._connection,
            limit=free,
            worker=self._worker,
            suspects=not self._flying and not self._left,
            now=self._clock.now(),
        )

    def _draft(self, claim: Claim) -> list[Draft]:
        """Draft the lanes still held: what another worker has taken over since is his."""
        facts = load_facts(claim.tokens)
        held = [each for each in facts if each.token == claim.tokens[each.lane_id]]
        return write_drafts(self._connection, held)

    def _open(self, drafts: Sequence[Draft], now: datetime) -> None:
        open_attempts(connection=self._connection, drafts=drafts, worker=self._worker, now=now)

    def _still_leased(self) -> bool:
        return passed() - self._renewed < LEASE.total_seconds() - 1

    def _collect(self) -> None:
        """Settle what has come back, at the latest when it is time to renew the leases of what is still out."""
        if self._flying:
            results = [result for future in self._landed() for result in future.result()]
            now = self._clock.now()
            self._settle([ending_of_result(result, now=now) for result in results])
        else:
            for ending in self._take_left():
                self._write([ending], wait_for_locks=True)
        if passed() - self._renewed >= _RENEW_EVERY:
            self._renew()

    def _landed(self) -> list[Future[list[Result]]]:
        """Wait until a call has come back or the bell rings; return the calls that have."""
        if not any(future.done() for future in self._flying):
            patience = max(0.0, self._renewed + _RENEW_EVERY - passed())
            self._bell.wait(min(patience, _LOCKED) if self._left else patience)
            self._bell.clear()
        if not all(done := [future.done() for future in self._flying]) and any(done):
            wait(self._flying, timeout=_LINGER)
        landed = [future for future in self._flying if future.done()]
        for future in landed:
            del self._flying[future]
        return landed

    def _take_left(self) -> list[Ending]:
        left, self._left = self._left, []
        return left

    def _settle(self, endings: Sequence[Ending]) -> None:
        ill = speak_ill(endings)
        if ill:
            self._note_health(endings)
        well = self._write([*self._take_left(), *endings], wait_for_locks=False)
        if not ill and not well:
            self._note_health(endings)

    def _note_health(self, endings: Sequence[Ending]) -> None:
        self._patiently(
            lambda: note_health(connection=self._connection, endings=endings, now=self._clock.now())
        )

    def _write(self, endings: Sequence[Ending], *, wait_for_locks: bool) -> bool:
        """Settle these endings; return whether the target has nothing to recover from."""
        if not endings:
            return True
        settled = self._patiently(
            lambda: settle(
                connection=self._connection, endings=endings, wait=wait_for_locks, now=self._clock.now()
            )
        )
        self._left.extend(settled.left)
        self._outcomes.update(str(ending.outcome) for ending in settled.done)
        self._outcomes.update(str(Outcome.FENCED) for _ in settled.late)
        return settled.well

    def _renew(self) -> None:
        out = [draft.facts for call in self._flying.values() for draft in call.drafts]
        out.extend(ending.draft.facts for ending in self._left)
        if out:
            tokens = {facts.lane_id: facts.token for facts in out}
            self._patiently(lambda: renew_leases(tokens=tokens, now=self._clock.now()))
        self._renewed = passed()

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do a whole transaction; again while the database is away: what a target said must not be thrown away.

        Twice does no harm: a lane that was settled by a commit whose answer got lost is settled to the same state.
        """
        deadline = passed() + _PATIENCE
        while True:
            try:
                return work()
            except _AWAY as error:
                if passed() > deadline or database.in_atomic_block:
                    raise
                log.warning(
                    "distribution.database.away", target=self._connection.code, error=type(error).__name__
                )
            database.close()
            time.sleep(0.2)
