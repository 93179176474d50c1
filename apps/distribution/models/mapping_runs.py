"""Runs over all records that one version of an outbound mapping concerns: a simulation, or delivering again."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7


class MappingRun(models.Model):
    """Counts and samples of what a version of a mapping does, record by record; `place` says where it goes on.

    `counts`: records by effect. `fields`: by field of the target what becomes of its values. `refused`, `losses`: by
    field, how many and an example, personal values masked. `samples`: single records with both forms of their
    differences, in clear and masked.
    """

    class Kind(models.TextChoices):
        SIMULATION = "simulation"
        REDELIVERY = "redelivery"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    mapping = models.ForeignKey("connectors.Mapping", on_delete=models.CASCADE, related_name="runs")
    against = models.PositiveIntegerField(
        null=True, help_text="Version that was in force when it was asked for."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    place = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    fields = models.JSONField(default=dict)
    refused = models.JSONField(default=dict)
    losses = models.JSONField(default=dict)
    samples = models.JSONField(default=list)
    seconds = models.FloatField(default=0.0, help_text="Time that workers have spent on it.")
    note = models.CharField(max_length=500, blank=True)
    asked_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300, blank=True)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at",)
        constraints: ClassVar = (
            models.UniqueConstraint(
                fields=("mapping", "kind"),
                condition=Q(state__in=("queued", "running")),
                name="mapping_run_one_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.mapping}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
