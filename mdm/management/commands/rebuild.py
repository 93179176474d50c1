"""Prove that golden records are what sources, decisions, pins and rules come to, or list and repair what is not."""

import argparse
import json
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import django
from django.core.management.base import BaseCommand, CommandError

from apps.audit.context import Actor, acting
from apps.core.clock import utcnow
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Difference
from apps.mastering.services import structural_differences
from apps.stewardship.services import (
    CHUNK,
    chunks_of,
    compare_records,
    mend_records,
    one_moment,
    repair_records,
)

SHOWN = 50
"""Differences printed; the report has all of them."""
EVERY = 5.0
"""Seconds between two lines of progress."""


class Command(BaseCommand):
    help = (
        "Compute golden records from scratch and compare them byte for byte with what is stored. Nothing is written"
        " without --repair. Exits with 1 when there is a difference, or one is left. What waits for the pipeline is"
        " counted and no difference, so it may run while the hub works."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("entity", nargs="*", help="entities to look at; none: all")
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--check", action="store_true", help="only compare (what it does anyway)")
        mode.add_argument("--repair", action="store_true", help="correct what differs, by plan and apply")
        parser.add_argument(
            "--report", type=Path, help="write every difference to this file, a JSON object a line"
        )
        parser.add_argument("--workers", type=int, default=2, help="processes that compare (default 2)")
        parser.add_argument("--chunk", type=int, default=CHUNK, help="records computed at once")

    def handle(self, *args: Any, **options: Any) -> None:
        known = [spec.name for spec in entities.values()]
        unknown = sorted(set(options["entity"]) - set(known))
        if unknown:
            raise CommandError(f"No entity {', '.join(unknown)}; there are {', '.join(known)}.")
        specs = [
            spec for spec in entities.values() if spec.name in options["entity"] or not options["entity"]
        ]
        report = options["report"].open("w", encoding="utf-8") if options["report"] else None
        found = left = 0
        waiting: set[UUID | None] = set()
        with acting(Actor(name="rebuild"), reason="rebuild"):
            for difference in self._differences(specs, options):
                if difference.waits:
                    waiting.add(difference.record_id)
                    continue
                found += 1
                left += not (options["repair"] and difference.mended)
                if report:
                    line = json.dumps(asdict(difference), default=str, ensure_ascii=False)
                    report.write(line + "\n")
                if found <= SHOWN:
                    self._show(difference)
        if report:
            report.close()
        if waiting:
            self.stdout.write(f"{len(waiting):,} records wait to be computed again and were not judged.")
        if left:
            raise CommandError(
                f"{left:,} differences{' are left' if options['repair'] else ''}.", returncode=1
            )
        self.stdout.write(f"{found:,} differences, all repaired." if found else "No difference.")

    def _differences(self, specs: list[EntitySpec], options: dict[str, Any]) -> Iterator[Difference]:
        repair = options["repair"]
        for spec in specs:
            yield from (each for each in structural_differences(spec) if each.mended or not repair)
        if repair:
            for spec in specs:
                for cause, count in mend_records(spec, now=utcnow()).items():
                    self.stdout.write(f"{spec.plural}: repaired {count:,} times: {cause}.")
        started = told = monotonic()
        done: Counter[str] = Counter()
        for spec, ids, differences in _compared(specs, options["chunk"], options["workers"]):
            done[spec.plural] += len(ids)
            yield from differences
            wrong = {each.record_id for each in differences if each.record_id and not each.waits}
            if wrong and repair:
                count = repair_records(spec, wrong, now=utcnow())
                self.stdout.write(f"{spec.plural}: {count:,} records repaired.")
            if monotonic() - told > EVERY:
                told = monotonic()
                self.stdout.write(
                    f"{done.total():,} compared, {done.total() / (told - started):,.0f} a second"
                )
        if repair:
            for spec in specs:
                yield from (replace(each, mended=False) for each in structural_differences(spec))
        counts = ", ".join(f"{count:,} {plural}" for plural, count in done.items())
        self.stdout.write(f"Compared in {monotonic() - started:.1f} s: {counts or 'nothing'}.")

    def _show(self, difference: Difference) -> None:
        stored, computed = (
            json.dumps(each, default=str)[:120] for each in (difference.stored, difference.computed)
        )
        self.stdout.write(
            f"{difference.code or '–'} {difference.place}: stored {stored}, computed {computed}"
            f" ({difference.cause}; {difference.remedy})"
        )


Compared = tuple[EntitySpec, list[UUID], list[Difference]]


def _compared(specs: list[EntitySpec], size: int, workers: int) -> Iterator[Compared]:
    """Yield chunks with what differs in them, in order; several processes compare, each a chunk at a time."""
    chunks = ((spec, ids) for spec in specs for ids in chunks_of(spec, size=size))
    if workers < 2:
        for spec, ids in chunks:
            yield spec, ids, _compare(spec.name, ids)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        waiting: deque[tuple[EntitySpec, list[UUID], Future[list[Difference]]]] = deque()
        for spec, ids in chunks:
            waiting.append((spec, ids, pool.submit(_compare, spec.name, ids)))
            if len(waiting) > 2 * workers:  # a few chunks ahead, never all of them
                first, done, future = waiting.popleft()
                yield first, done, future.result()
        for first, done, future in waiting:
            yield first, done, future.result()


def _compare(name: str, ids: list[UUID]) -> list[Difference]:
    with one_moment():
        return compare_records(entity(name), ids, now=utcnow())
