"""`simulate`: what a version of rules would do to the live data, told in the terminal or as JSON."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.core.json import dumps
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.matching.models import MatchRule
from apps.pipeline.simulating import SimulationReport, report_of, run_simulation, start_simulation


class Command(BaseCommand):
    help = (
        "Tell what a version of match, ownership or survivorship rules would do to the live data, without writing any"
        " of it: merges, splits, values, reviews, deliveries, money. The report is kept and shown in the admin too."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--entity", default="", help="customer, resource, ...; needed with --match-rule")
        parser.add_argument(
            "--match-rule", type=int, metavar="VERSION", help="version of the entity's match rule"
        )
        parser.add_argument(
            "--ownership", type=int, metavar="VERSION", help="version of the ownership matrix"
        )
        parser.add_argument(
            "--survivorship", type=int, metavar="VERSION", help="version of the survivorship rules"
        )
        parser.add_argument("--json", action="store_true", help="print the whole report as one JSON line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            simulation = start_simulation(
                entity_name=options["entity"], now=utcnow(), at_once=True, **self._ids(options)
            )
            done = run_simulation(simulation_id=simulation.pk, now=utcnow())
        except HubError as problem:
            raise CommandError(f"{problem.title}: {problem}") from None
        report = report_of(done)
        if report is None:
            raise CommandError(done.error)
        if options["json"]:
            sys.stdout.write(dumps(done.report).decode() + "\n")
            return
        self.stdout.write("\n".join(told(report)))

    def _ids(self, options: dict[str, Any]) -> dict[str, int | None]:
        rules = MatchRule.objects.filter(entity=options["entity"])
        found: dict[str, int | None] = {}
        for name, rows in (
            ("match_rule", rules),
            ("ownership", OwnershipMatrix.objects.all()),
            ("survivorship", SurvivorshipPolicy.objects.all()),
        ):
            version = options[name]
            found[name] = (
                rows.values_list("pk", flat=True).filter(version=version).first() if version else None
            )
            if version and found[name] is None:
                raise CommandError(f"There is no version {version} of {name.replace('_', ' ')}.")
        return found


def told(report: SimulationReport) -> list[str]:
    """Return the report as lines for people."""
    lines = [
        f"{report.subject}: {report.records:,} records, {report.golden:,} golden records, {report.pairs:,} pairs"
        f" in {report.seconds:g} s; nothing was written",
        f"merges   {len(report.merged):,} ({report.records_merging:,} golden records), vetoed {report.vetoed:,}",
        f"splits   {report.records_leaving:,} source records leave {len(report.left):,} golden records",
        f"golden   {report.golden:,} before, {report.golden_after:,} after; {report.golden_changed:,} change",
        f"values   {report.values_changed:,} change at once; {report.held:,} changes would wait for an approver",
        f"reviews  {report.reviews_opened:,} open, {report.reviews_closed:,} close, {report.reviews_left_out:,} wait",
        f"sent     {report.delivered:,} deliveries",
    ]
    lines += [
        f"  {each.label}: {each.deliveries:,} {each.entity} ({each.mapping})" for each in report.deliveries
    ]
    lines += [f"money    {each.measure} {each.amount} {each.currency}" for each in report.money]
    for merge in report.merges[:10]:
        names = " + ".join(f"{each.code} {each.title}" for each in merge.records)
        lines.append(f"  merge {names}{': vetoed, ' + merge.vetoed if merge.vetoed else ''}")
    lines += [
        f"  split {each.record.code} {each.record.title}: {', '.join(each.leaving)}"
        for each in report.splits[:10]
    ]
    return lines
