"""What a fresh hub starts with: source systems, shipped rules, schedules and, locally, the sandbox targets."""

import os
from dataclasses import dataclass
from datetime import datetime

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.audit.context import Actor, acting
from apps.connectors.sandbox.running import default_options, default_secrets
from apps.connectors.services import save_connection, seed_default_mappings
from apps.distribution.services import ensure_default_subscriptions, ensure_schedules
from apps.mastering.services import ensure_default_ownership, ensure_default_survivorship
from apps.matching.services import ensure_default_match_rules
from apps.pipeline.services import queue_first_rematches
from apps.quality.services import ensure_code_lists
from apps.sources.models import SourceSystem, SystemRole
from apps.stewardship.services import ensure_default_policy

SEEDING = Actor(name="set-up")
SYSTEMS = (
    ("salesforce", "Salesforce", SystemRole.CRM, "Accounts, contacts and opportunities"),
    ("netsuite", "NetSuite", SystemRole.ERP, "Customers, jobs and invoices"),
    ("certinia", "Certinia PSA", SystemRole.PSA, "Projects, resources and assignments"),
    ("workday", "Workday", SystemRole.HRIS, "Workers"),
    ("contracts_finder", "Contracts Finder (OCDS)", SystemRole.CRM, "Public contract notices"),
    ("bis_ledger", "BIS spend ledger", SystemRole.ERP, "Public payments of the department BIS"),
)
"""Code, name, role and what it sends."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled job as stewards find it in the admin: every `seconds`, or at a cron time."""

    name: str
    task: str
    seconds: int = 0
    cron: tuple[str, str] = ("", "")  # minute, hour
    description: str = ""


SCHEDULES = (
    Schedule(
        "Run what is pending", "pipeline.run", seconds=10, description="Source records to golden records."
    ),
    Schedule(
        "Re-match everything", "pipeline.rematch", cron=("30", "1"), description="Compares all records again."
    ),
    Schedule(
        "Go on with re-matches",
        "pipeline.continue_rematch",
        seconds=30,
        description="Takes up what waits or was left by a worker; opens reviews when the queue has room.",
    ),
    Schedule(
        "Check all invariants",
        "stewardship.check_invariants",
        cron=("15", "3"),
        description="What must hold between records; opens and closes exception tasks.",
    ),
    Schedule(
        "Rate the review queue",
        "stewardship.rate_reviews",
        seconds=120,
        description="Asks first what is doubtful and has much hanging on it; goes on with decisions on patterns.",
    ),
    Schedule(
        "Remove old simulations",
        "pipeline.prune",
        cron=("40", "3"),
        description="Also snapshots that no rule in force or being tried is weighed on.",
    ),
    Schedule(
        "Turn ownership periods",
        "mastering.turn_periods",
        cron=("2", "0"),
        description="Where a period of the matrix begins or ends, records are computed again.",
    ),
    Schedule(
        "Turn reference data",
        "quality.turn_codes",
        cron=("3", "0"),
        description="Where a code or a system's word for it begins or ends, records are read again.",
    ),
    Schedule(
        "Release expired pins",
        "stewardship.release_expired_pins",
        cron=("5", "0"),
        description="The rules decide again where a pin has expired.",
    ),
    Schedule(
        "Measure ages of values",
        "mastering.turn_trust",
        cron=("10", "0"),
        description="Where trust decays with age, records are computed again.",
    ),
)


def seed_defaults(*, now: datetime) -> None:
    """Create whatever is missing; what stewards changed stays as it is."""
    with acting(SEEDING, reason="defaults of a fresh hub"):
        for code, name, role, description in SYSTEMS:
            SourceSystem.objects.get_or_create(
                code=code, defaults={"name": name, "role": role, "description": description}
            )
        ensure_code_lists(now=now)
        ensure_default_ownership(now=now)
        ensure_default_survivorship(now=now)
        ensure_default_policy(now=now)
        ensure_default_match_rules(now=now)
        seed_default_mappings(actor=SEEDING, now=now)
        queue_first_rematches(now=now)
        _seed_schedules()
        ensure_schedules()
        _seed_sandbox_connections(now=now)
        ensure_default_subscriptions(actor=SEEDING, now=now)


def _seed_schedules() -> None:
    for each in SCHEDULES:
        timing: dict[str, object]
        if each.seconds:
            every, _ = IntervalSchedule.objects.get_or_create(
                every=each.seconds, period=IntervalSchedule.SECONDS
            )
            timing = {"interval": every}
        else:
            minute, hour = each.cron
            at, _ = CrontabSchedule.objects.get_or_create(minute=minute, hour=hour, timezone="UTC")
            timing = {"crontab": at}
        PeriodicTask.objects.get_or_create(
            name=each.name, defaults={"task": each.task, "description": each.description, **timing}
        )


def _seed_sandbox_connections(*, now: datetime) -> None:
    """Point the CRM and ERP connections at the sandbox servers that `manage.py up` starts."""
    for kind, variable in (("salesforce", "MDM_SANDBOX_CRM_URL"), ("netsuite", "MDM_SANDBOX_ERP_URL")):
        if address := os.environ.get(variable):
            save_connection(
                code=kind,
                kind=kind,
                label=f"{kind} sandbox",
                base_url=address,
                options=default_options(kind),
                secrets=default_secrets(kind),
                sandbox=True,
                actor=SEEDING,
                now=now,
            )
