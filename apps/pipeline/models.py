"""Simulations of rules: what was asked, how far it is, and what it told of which state of the data."""

from django.db import models

from apps.audit.history import current_actor_name
from apps.core.ids import uuid7


class Simulation(models.Model):
    """One simulation of a draft; its report is kept and belongs to the draft as it was and to its data."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.CharField(max_length=40, blank=True, help_text="Empty: all entities.")
    match_rule = models.BigIntegerField(null=True, blank=True, help_text="Id of the version that is tried.")
    ownership = models.BigIntegerField(null=True, blank=True)
    survivorship = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    rules = models.CharField(max_length=40, blank=True, help_text="The draft as it was, in one word.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(max_length=100, blank=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    report = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    started_by = models.CharField(max_length=150, default=current_actor_name)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at",)
        indexes = (models.Index(fields=("match_rule", "-requested_at"), name="simulation_match_rule"),)

    def __str__(self) -> str:
        return f"{self.subject or self.entity} ({self.status})"
