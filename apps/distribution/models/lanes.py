"""A lane carries one golden record's versions to one target in order; and what the target calls it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.distribution.models.subscriptions import Subscription


class Lane(models.Model):
    """One per (subscription, golden record). Due when `done_seq < last_seq` and `next_at` has come.

    A claim raises `token` and sets `lease_until`; whoever finishes must still hold that token.
    A lease that ran out belongs to a worker that died.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="lanes")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey("golden.GoldenRecord", on_delete=models.CASCADE, related_name="lanes")
    last_seq = models.PositiveIntegerField(help_text="Newest approved version.")
    done_seq = models.PositiveIntegerField(help_text="Newest version the target has acknowledged.")
    next_at = models.DateTimeField(help_text="Not before; while leased, when the lease runs out.")
    priority = models.PositiveSmallIntegerField(default=50)
    token = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Failed attempts at the present version."
    )
    crash_count = models.PositiveSmallIntegerField(default=0, help_text="Workers that died with this lane.")
    unsure = models.BooleanField(default=False, help_text="The target may hold more than it acknowledged.")
    once_more = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its mapping changed while it was leased: due again when the lease ends.",
    )
    pending_since = models.DateTimeField(null=True, help_text="Since when the target lags behind.")
    failing_since = models.DateTimeField(null=True)
    waiting_for = models.UUIDField(null=True, help_text="Golden record that must arrive there first.")
    code = models.CharField(max_length=80, blank=True, help_text="Why it has not arrived yet.")
    note = models.CharField(max_length=500, blank=True)
    parked_at = models.DateTimeField(null=True)
    park_code = models.CharField(max_length=80, blank=True)
    park_reason = models.CharField(max_length=1000, blank=True)
    park_owner = models.CharField(max_length=40, blank=True, help_text="Role that must act.")
    park_due = models.DateTimeField(null=True)

    class Meta:
        ordering = ("priority", "next_at", "id")
        constraints: ClassVar = (
            models.UniqueConstraint(fields=("subscription", "record"), name="lane_one_per_target_record"),
            models.CheckConstraint(condition=Q(done_seq__lte=F("last_seq")), name="lane_done_at_most_last"),
            models.CheckConstraint(
                condition=Q(parked_at__isnull=True, park_code="", park_due__isnull=True)
                | Q(Q(parked_at__isnull=False, park_due__isnull=False), ~Q(park_code="")),
                name="lane_parked_with_reason",
            ),
        )
        indexes = (
            models.Index(
                fields=("connection", "priority", "next_at"),
                condition=Q(done_seq__lt=F("last_seq"), parked_at__isnull=True),
                name="lane_due",
            ),
            models.Index(
                fields=("connection", "lease_until"),
                condition=Q(lease_until__isnull=False),
                name="lane_leased",
            ),
            models.Index(fields=("connection",), condition=Q(crash_count__gt=0), name="lane_crashed"),
            models.Index(
                fields=("waiting_for", "connection"),
                condition=Q(waiting_for__isnull=False),
                name="lane_waiting",
            ),
            models.Index(
                fields=("connection", "parked_at"), condition=Q(parked_at__isnull=False), name="lane_parked"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection_id} {self.record_id}: {self.done_seq} of {self.last_seq}"


class ExternalRef(models.Model):
    """What a target calls a golden record, and what was last written there."""

    lane = models.OneToOneField(Lane, primary_key=True, on_delete=models.CASCADE, related_name="external_ref")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="+")
    # The lane's own foreign key vouches for the record; a second check here would lock the golden header
    # while the lane is locked, in the opposite order of whoever writes the record.
    record = models.ForeignKey(
        "golden.GoldenRecord", on_delete=models.CASCADE, related_name="external_refs", db_constraint=False
    )
    object = models.CharField(max_length=100)
    external_id = models.CharField(max_length=200)
    native_id = models.CharField(max_length=200, blank=True)
    remote_version = models.CharField(max_length=200, blank=True)
    last_hash = models.BinaryField(max_length=16)
    last_fields = models.JSONField(help_text="The target's fields as last written.")
    last_seq = models.PositiveIntegerField()
    mapping_version = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="Version that wrote `last_fields`."
    )
    deactivated = models.BooleanField(default=False)
    last_seen = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("record", "connection"), name="external_ref_record"),
            models.Index(fields=("connection", "object", "external_id"), name="external_ref_external"),
            models.Index(fields=("connection", "native_id"), name="external_ref_native"),
        )

    def __str__(self) -> str:
        return f"{self.connection_id} {self.object} {self.external_id}"
