"""Approval policies and change requests."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.audit.history import History, current_actor_name, current_correlation_id
from apps.audit.versioning import VersionedRule
from apps.core.ids import uuid7


class ApprovalPolicy(VersionedRule):
    """One version of what needs an approver; exactly one is active."""

    history = History()

    class Meta:
        ordering = ("-version",)
        verbose_name_plural = "approval policies"
        constraints = (
            models.UniqueConstraint(fields=("version",), name="approval_policy_version_unique"),
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="active"), name="approval_policy_one_active"
            ),
        )

    def __str__(self) -> str:
        return f"approval policy v{self.version} ({self.status})"


class ApprovalRule(models.Model):
    """Changes of this attribute group, in these lifecycle states, wait for an approver."""

    policy = models.ForeignKey(ApprovalPolicy, on_delete=models.CASCADE, related_name="rules")
    entity = models.CharField(max_length=40)
    group = models.CharField(max_length=60)
    states = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, help_text="Lifecycle states; empty: any."
    )
    due_hours = models.PositiveIntegerField(default=24, help_text="Hours until the request is overdue.")
    history = History()

    class Meta:
        ordering = ("entity", "group")
        constraints = (
            models.UniqueConstraint(fields=("policy", "entity", "group"), name="approval_rule_unique"),
        )

    def __str__(self) -> str:
        return f"{self.entity}.{self.group}"


class RequestStatus(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded", "superseded by a newer request"


class RequestKind(models.TextChoices):
    CHANGE = "change"
    CHALLENGE = "challenge", "challenge of the owner"


class ChangeRequest(models.Model):
    """A planned change of one attribute group of one golden record that waits for an approver.

    A challenge is what a system says that does not own the group, for the owner to take over or to turn down.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record = models.ForeignKey(
        "golden.GoldenRecord", on_delete=models.CASCADE, related_name="change_requests"
    )
    asked_of = models.ForeignKey(
        "golden.GoldenRecord",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The record it was made for, when a merge carried it here.",
    )
    entity = models.CharField(max_length=40)
    group = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=RequestKind.choices, default=RequestKind.CHANGE)
    owner = models.CharField(
        max_length=40,
        blank=True,
        help_text="System or role whose data owner has to answer; empty: any approver.",
    )
    before = models.JSONField(help_text="Attributes and collections of the group as they are.")
    after = models.JSONField(help_text="As they shall be.")
    provenance = models.JSONField(default=dict, help_text="Where the new values come from.")
    pins = models.JSONField(
        default=dict, help_text="Values a steward proposes by hand; empty: a source brought them."
    )
    pins_expire_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.PENDING)
    reason = models.TextField(blank=True)
    requested_by = models.CharField(max_length=150, default=current_actor_name)
    requested_by_id = models.BigIntegerField(
        null=True, help_text="Null when the hub itself asks for a source."
    )
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    policy_version = models.PositiveIntegerField()
    correlation_id = models.UUIDField(default=current_correlation_id)
    history = History()

    class Meta:
        ordering = ("due_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("record", "group"),
                condition=Q(status="pending", pins={}),
                name="change_request_one_pending_per_group",
            ),
            models.CheckConstraint(
                condition=Q(decided_by_id__isnull=True)
                | Q(requested_by_id__isnull=True)
                | ~Q(decided_by_id=F("requested_by_id")),
                name="change_request_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("approved", "rejected")) | Q(decided_at__isnull=False),
                name="change_request_decided_has_time",
            ),
        )
        indexes = (models.Index(fields=("status", "due_at"), name="change_request_queue"),)

    def __str__(self) -> str:
        return f"{self.group} of {self.record_id}"

    @property
    def is_pending(self) -> bool:
        return self.status == RequestStatus.PENDING


class Operation(models.TextChoices):
    MERGE = "merge"
    UNMERGE = "unmerge"


class MergeRequest(models.Model):
    """A merge or an unmerge that waits for an approver."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operation = models.CharField(max_length=10, choices=Operation.choices)
    entity = models.CharField(max_length=40)
    records = models.JSONField(help_text="Golden records to become one, or the one to be taken apart.")
    details = models.JSONField(default=dict, help_text="Of an unmerge: the merge, the members, the choices.")
    findings = models.JSONField(default=list, help_text="Why it needs an approver.")
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.PENDING)
    reason = models.TextField()
    requested_by = models.CharField(max_length=150, default=current_actor_name)
    requested_by_id = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    correlation_id = models.UUIDField(default=current_correlation_id)
    history = History()

    class Meta:
        ordering = ("due_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by_id__isnull=True)
                | Q(requested_by_id__isnull=True)
                | ~Q(decided_by_id=F("requested_by_id")),
                name="merge_request_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("approved", "rejected")) | Q(decided_at__isnull=False),
                name="merge_request_decided_has_time",
            ),
        )
        indexes = (models.Index(fields=("status", "due_at"), name="merge_request_queue"),)

    def __str__(self) -> str:
        return f"{self.operation} of {len(self.records)} {self.entity} records"


class ExceptionStatus(models.TextChoices):
    OPEN = "open"
    RESOLVED = "resolved"  # the data agree again
    WAIVED = "waived"  # a person lets it be


class ExceptionTask(models.Model):
    """An invariant that a golden record breaks: kept as a fact, shown to whoever must act, with the money at risk."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invariant = models.CharField(max_length=60)
    number = models.PositiveSmallIntegerField(help_text="In the canonical model, 1 to 14.")
    entity = models.CharField(max_length=40)
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="exceptions")
    key = models.CharField(max_length=120, blank=True, help_text="Which item of the record, if one.")
    severity = models.CharField(max_length=10)
    message = models.CharField(max_length=500)
    money = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    owner = models.CharField(max_length=40, help_text="Who must act.")
    assignee = models.CharField(max_length=150, blank=True, help_text="The person who sees to it.")
    holds = models.BooleanField(
        default=False, help_text="Its distribution waits as long as the task is open."
    )
    status = models.CharField(max_length=10, choices=ExceptionStatus.choices, default=ExceptionStatus.OPEN)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("due_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("invariant", "record", "key"), name="exception_task_once"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(~Q(status="open"), closed_at__isnull=False),
                name="exception_task_closed_has_time",
            ),
        )
        indexes = (
            models.Index(fields=("status", "due_at"), name="exception_task_queue"),
            models.Index(
                fields=("record",), condition=Q(status="open", holds=True), name="exception_task_holds"
            ),
        )

    def __str__(self) -> str:
        return f"{self.invariant} of {self.record_id}"
