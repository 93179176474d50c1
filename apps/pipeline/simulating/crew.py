"""Processes that share one state of the data and plan pieces of a simulation side by side."""

import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection, connections

from apps.pipeline.simulating.jobs import Job, Setting, work_on
from apps.pipeline.simulating.progress import reading_only
from apps.pipeline.simulating.tally import Tally

FEWEST = 8
"""Pieces for which another process is worth its start of a second or two."""
_CHILD = "import sys, django; django.setup(); from apps.pipeline.simulating.crew import serve; serve(int(sys.argv[1]))"

log = logging.getLogger(__name__)

Answer = tuple[Job, Tally | BaseException] | None


class Crew:
    """This process, and others that see the same snapshot of the database, working off jobs.

    Children live as long as the block. One that dies is done without: its job is done by another. Inside a transaction
    that others cannot see (`snapshot` empty) this process works alone.
    """

    def __init__(self, setting: Setting, *, snapshot: str, processes: int | None = None) -> None:
        self._setting = setting
        self._snapshot = snapshot
        wanted = settings.SIMULATION_PROCESSES if processes is None else processes
        self._wanted = max(0, wanted - 1) if snapshot else 0
        self._children: list[tuple[subprocess.Popen[bytes], Connection[Any, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child, pipe in self._children:
            pipe.close()
            if kind is not None:
                child.kill()
            child.wait()

    def map(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Tally]]:
        """Yield each job with what it came to, in the order they end. Raises what a job raised."""
        waiting = deque(jobs)
        left = len(waiting)
        if left >= FEWEST:
            self._start()
        done: SimpleQueue[Answer] = SimpleQueue()
        threads = [
            Thread(target=_feed, args=(pipe, waiting, done), daemon=True) for _, pipe in self._children
        ]
        for thread in threads:
            thread.start()
        while left:
            if done.empty() and (job := _next(waiting)) is not None:
                done.put((job, work_on(self._setting, job)))
            answer = done.get()
            if answer is None:  # a child is gone, and its job waits again
                continue
            job, tally = answer
            if isinstance(tally, BaseException):
                raise tally
            left -= 1
            yield job, tally
        for thread in threads:
            thread.join()

    def _start(self) -> None:
        while len(self._children) < self._wanted:
            mine, its = Pipe()
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(its.fileno())],
                pass_fds=[its.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
            )
            its.close()
            self._children.append((child, mine))
            with suppress(OSError):  # it may be gone already; whoever feeds it will see
                mine.send((dict(connection.settings_dict), self._snapshot, self._setting))


def _next(waiting: deque[Job]) -> Job | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _feed(pipe: "Connection[Any, Any]", waiting: deque[Job], done: "SimpleQueue[Answer]") -> None:
    """Give a child one job after the other until none waits."""
    while (job := _next(waiting)) is not None:
        try:
            pipe.send(job)
            done.put((job, pipe.recv()))
        except (EOFError, OSError) as error:
            log.warning("pipeline.simulation.helper_lost", exc_info=error)
            waiting.append(job)
            done.put(None)
            return
        except Exception as error:
            # Raised where answers are waited for: without one that would be for ever.
            done.put((job, error))
            return


def serve(descriptor: int) -> None:
    """Be a child: read jobs from the pipe and answer them until it is closed."""
    pipe = Connection(descriptor)
    database, snapshot, setting = pipe.recv()
    connections["default"].settings_dict.update(database)
    with reading_only(snapshot):
        while True:
            try:
                job = pipe.recv()
            except (EOFError, OSError):
                return
            try:
                answer: Tally | BaseException = work_on(setting, job)
            except Exception as error:  # told to whoever waits for it, and raised there
                answer = error
            pipe.send(answer)
