"""What a fresh hub starts with: source systems, shipped rules, schedules and, locally, the sandbox targets."""

import os
from datetime import datetime

from apps.audit.context import Actor, acting
from apps.connectors.sandbox.running import default_options, default_secrets
from apps.connectors.services import save_connection, seed_default_mappings
from apps.distribution.services import ensure_default_subscriptions
from apps.mastering.services import ensure_default_ownership, ensure_default_survivorship
from apps.matching.services import ensure_default_match_rules
from apps.pipeline.services import queue_first_rematches
from apps.quality.services import ensure_code_lists
from apps.sources.models import SourceSystem, SystemRole
from apps.stewardship.services import ensure_default_policy
from mdm.schedules import seed_schedules

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
        seed_schedules()
        _seed_sandbox_connections(now=now)
        ensure_default_subscriptions(actor=SEEDING, now=now)


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
