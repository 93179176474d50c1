"""Reads on runs over mappings."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.connectors.models import Mapping
from apps.distribution.models import MappingRun


def unfinished_mapping_runs(*, now: datetime) -> list[UUID]:
    """Return the runs that nobody works on."""
    left = MappingRun.objects.filter(state__in=("queued", "running"))
    left = left.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
    return list(left.order_by("asked_at").values_list("pk", flat=True))


def latest_simulation(mapping: Mapping) -> MappingRun | None:
    """Return the newest simulation of a version, under way or done."""
    runs = MappingRun.objects.filter(mapping=mapping, kind=MappingRun.Kind.SIMULATION)
    return runs.exclude(state__in=("failed", "cancelled")).order_by("-asked_at").first()


def why_stale(run: MappingRun) -> str:
    """Tell why what a simulation found no longer holds; "" while it does."""
    active = Mapping.objects.filter(name=run.mapping.name, status="active").values_list("version", flat=True)
    in_force = active.first()
    if in_force != run.against and in_force != run.mapping.version:
        return f"v{in_force} was put in force since" if in_force else "no version is in force any more"
    return ""
