"""What other systems told the hub: systems, loads, source records, references, crosswalk and rejected rows."""

from django.db import models
from django.db.models import Q

from apps.audit.history import History, current_actor_id, current_actor_name, current_correlation_id
from apps.core.ids import uuid7


class SystemRole(models.TextChoices):
    CRM = "crm", "CRM"
    ERP = "erp", "ERP"
    PSA = "psa", "PSA"
    HRIS = "hris", "HRIS"
    REGISTRY = "registry", "Registry"
    OTHER = "other", "Other"


class SourceSystem(models.Model):
    """A system that sends records; ownership rules speak of its role or its code."""

    code = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=10, choices=SystemRole.choices)
    active = models.BooleanField(default=True)
    description = models.CharField(max_length=300, blank=True)
    history = History()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Load(models.Model):
    """One file or one posted batch: what was read and what became of it."""

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="loads")
    layout = models.CharField(max_length=100)
    layout_version = models.PositiveIntegerField()
    mode = models.CharField(max_length=5, choices=[("full", "full"), ("patch", "patch")])
    origin = models.CharField(
        max_length=300, blank=True, help_text="File name, or the path that was posted to."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    error = models.TextField(blank=True)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    stale = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=150, default=current_actor_name)
    actor_id = models.BigIntegerField(null=True, default=current_actor_id, help_text="Null: the hub itself.")
    correlation_id = models.UUIDField(default=current_correlation_id, db_index=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.layout} {self.started_at:%Y-%m-%d %H:%M}"


class SourceRecord(models.Model):
    """One record as a source system holds it: raw as sent, and mapped to canonical attributes.

    `pending_since` is set while a change has not reached the golden record yet.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    system = models.ForeignKey(
        SourceSystem,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # the unique key begins with it
    )
    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    raw = models.JSONField(null=True, help_text="The row as the system sent it, unknown columns included.")
    raw_hash = models.BinaryField(max_length=16, null=True)
    values = models.JSONField(default=dict, help_text="Canonical attributes as mapped, not yet standardized.")
    content_hash = models.BinaryField(max_length=16)
    source_version = models.CharField(max_length=64, null=True)
    layout = models.CharField(max_length=100)
    layout_version = models.PositiveIntegerField()
    complete = models.BooleanField(help_text="False while only rows that add to the record have come.")
    deleted = models.BooleanField(default=False)
    load = models.ForeignKey(Load, null=True, on_delete=models.SET_NULL, related_name="records")
    row_number = models.PositiveIntegerField(null=True)
    item_versions = models.JSONField(
        default=dict, help_text="Source version by item (collection:identity) that a row of its own brought."
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    pending_since = models.DateTimeField(null=True)
    history = History(excluded_fields=["pending_since"], no_db_index=["system", "load"])

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("system", "entity", "key"), name="source_record_key_unique"),
        )
        indexes = (
            models.Index(
                fields=("entity", "pending_since", "id"),
                condition=Q(pending_since__isnull=False),
                name="source_record_pending",
            ),
            models.Index(fields=("raw_hash",), name="source_record_raw_hash"),
        )

    def __str__(self) -> str:
        return f"{self.system_id} {self.entity} {self.key}"


class Contribution(models.Model):
    """A row that adds to a record of which it is only a part: one contact, one invoice line."""

    id = models.UUIDField(primary_key=True, editable=False)
    source_record = models.ForeignKey(
        SourceRecord,
        on_delete=models.CASCADE,
        related_name="contributions",
        db_index=False,  # the unique key begins with it
    )
    layout = models.CharField(max_length=100)
    row_key = models.CharField(max_length=200)
    raw = models.JSONField()
    raw_hash = models.BinaryField(max_length=16)
    load = models.ForeignKey(Load, null=True, on_delete=models.SET_NULL, related_name="+")
    row_number = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("source_record", "layout", "row_key"), name="contribution_row_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.layout} {self.row_key}"


class Crosswalk(models.Model):
    """Which golden record a source record belongs to; the key a downstream system may look up by."""

    source_record = models.OneToOneField(SourceRecord, primary_key=True, on_delete=models.CASCADE)
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.PROTECT, related_name="crosswalk")
    system = models.ForeignKey(
        SourceSystem,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # the unique key begins with it
    )
    entity = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    method = models.CharField(max_length=20, help_text="new, match, key, id, steward: how it came here.")
    assigned_at = models.DateTimeField()
    history = History(no_db_index=["system"])

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("system", "entity", "key"), name="crosswalk_key_unique"),
        )

    def __str__(self) -> str:
        return f"{self.system_id}:{self.key}"


class Reference(models.Model):
    """A source record names another by that one's key; it waits while no crosswalk has the key."""

    id = models.BigAutoField(primary_key=True)
    source_record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="references")
    path = models.CharField(max_length=80)
    target_system = models.CharField(max_length=40)
    target_entity = models.CharField(max_length=40)
    target_key = models.CharField(max_length=200)

    class Meta:
        indexes = (
            models.Index(fields=("target_system", "target_entity", "target_key"), name="reference_target"),
        )

    def __str__(self) -> str:
        return f"{self.path} → {self.target_system} {self.target_entity} {self.target_key}"


class RejectedRow(models.Model):
    """A row that could not be landed, kept whole until a steward corrects or dismisses it."""

    class Status(models.TextChoices):
        OPEN = "open"
        REPLAYED = "replayed"
        DISMISSED = "dismissed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    load = models.ForeignKey(Load, on_delete=models.CASCADE, related_name="rejected_rows")
    row_number = models.PositiveIntegerField()
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    reason = models.TextField(help_text="What is wrong and what to do.")
    raw = models.JSONField(help_text="The row as it came.")
    corrected = models.JSONField(null=True, blank=True, help_text="The row as a steward corrected it.")
    source_record = models.ForeignKey(
        SourceRecord,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The landed record one value of which is not used; empty when the row did not land.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    history = History()

    class Meta:
        ordering = ("-created_at", "row_number")
        indexes = (models.Index(fields=("status", "code"), name="rejected_row_status"),)

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.code}"
