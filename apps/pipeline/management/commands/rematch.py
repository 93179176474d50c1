"""`rematch`: re-match an entity, watch, resume or cancel a run."""

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.matching.models import MatchRun
from apps.pipeline.selectors import progress_of
from apps.pipeline.services import cancel_rematch, request_rematch, resume_rematch, work_on_rematch


class Command(BaseCommand):
    help = (
        "Compare the records of an entity again and merge, split and ask what comes of it. Killed or interrupted, it "
        "goes on where it was: by itself where workers run, or with --resume."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("entity", nargs="?", help="customer, resource, ...")
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--full", action="store_true", help="everything anew (default)")
        mode.add_argument(
            "--changed", action="store_true", help="what changed since the last run that finished"
        )
        mode.add_argument(
            "--resume", type=UUID, metavar="RUN", help="go on with a cancelled, failed or left run"
        )
        mode.add_argument("--cancel", type=UUID, metavar="RUN", help="stop a run after its present chunk")
        parser.add_argument("--queue", action="store_true", help="leave the work to the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = self._run(options)
        except HubError as problem:
            raise CommandError(f"{problem.title}: {problem}") from None
        if options["queue"] or options["cancel"]:
            self.stdout.write(f"{run.pk} {run.status}")
            return
        self.stdout.write(f"run {run.pk}")
        self._shown = ""
        try:
            worked = work_on_rematch(run_id=run.pk, watch=self._watch)
        except KeyboardInterrupt:
            raise CommandError(f"interrupted; `rematch --resume {run.pk}` goes on where it was") from None
        if worked is None:
            raise CommandError(f"A worker has run {run.pk} in hand; watch it under Rules, Match runs.")
        self.stdout.write(worked.log)
        if worked.status != MatchRun.Status.DONE:
            raise CommandError(f"{worked.pk} is {worked.status}")

    def _run(self, options: dict[str, Any]) -> MatchRun:
        now = utcnow()
        if options["cancel"]:
            return cancel_rematch(run_id=options["cancel"], now=now)
        if options["resume"]:
            run = MatchRun.objects.filter(pk=options["resume"]).first()
            if run is not None and run.is_active:
                return run
            return resume_rematch(run_id=options["resume"], now=now)
        if not options["entity"]:
            raise CommandError("Name an entity, or a run with --resume or --cancel.")
        mode = MatchRun.Mode.CHANGED if options["changed"] else MatchRun.Mode.FULL
        return request_rematch(entity_name=options["entity"], mode=mode, now=now)

    def _watch(self, run: MatchRun) -> None:
        """Print a line whenever a phase has moved by a twentieth, so that a log of it stays readable."""
        told = progress_of(run)
        step = f"{run.phase} {int(told.share * 20)}"
        if step != self._shown and run.is_active:
            self._shown = step
            left = f", {told.seconds_left:,.0f} s left" if told.seconds_left is not None else ""
            rate = f", {told.rate:,.0f}/s" if told.rate else ""
            self.stdout.write(
                f"{run.get_phase_display()}: {run.done:,} of {run.total:,} ({told.share:.0%}{rate}{left})"
            )
