"""Connections to systems and the versioned mapping documents."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.audit.history import History
from apps.audit.versioning import VersionedRule

_SCHEMES = ("https", "http", "amqps", "amqp", "rediss", "redis")


class Connection(models.Model):
    """How to reach one system. Secrets are sealed; only their names can be read."""

    code = models.SlugField(
        max_length=40, unique=True, help_text="Code of the source system, e.g. salesforce."
    )
    kind = models.CharField(max_length=40, help_text="Name of the connector that speaks to it.")
    label = models.CharField(max_length=100, blank=True)
    base_url = models.CharField(max_length=300, validators=[URLValidator(schemes=_SCHEMES)])
    options = models.JSONField(
        default=dict, blank=True, help_text="What the connector needs besides secrets."
    )
    sealed = models.BinaryField(default=bytes, editable=False)
    sealed_with = models.CharField(max_length=12, blank=True, editable=False, help_text="Id of the key used.")
    secret_names = ArrayField(models.CharField(max_length=60), default=list, editable=False)
    secrets_set_at = models.DateTimeField(null=True, editable=False)
    catalog = models.JSONField(
        null=True, editable=False, help_text="The system's own objects and fields, as last discovered."
    )
    catalog_at = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    sandbox = models.BooleanField(default=False, help_text="May live on this machine (loopback addresses).")
    revision = models.PositiveIntegerField(default=1, editable=False, help_text="Grows with each change.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    history = History(excluded_fields=["sealed", "catalog"])

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(base_url__regex=r"^(https|amqps|rediss)://") | Q(sandbox=True),
                name="connection_is_encrypted_or_sandbox",
            ),
        )

    def __str__(self) -> str:
        return self.label or self.code


class MappingKind(models.TextChoices):
    LAYOUT = "layout", "inbound layout"
    OUTBOUND = "outbound", "outbound mapping"


class Mapping(VersionedRule):
    """One version of a mapping document; its text never changes, a change is the next version."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=MappingKind.choices)
    text = models.TextField(help_text="The YAML document.")
    checksum = models.CharField(max_length=64, editable=False)
    shipped = models.BooleanField(default=False, editable=False, help_text="Came with the product.")
    history = History()

    class Meta:
        ordering = ("name", "-version")
        constraints = (
            models.UniqueConstraint(fields=("name", "version"), name="mapping_version_once"),
            models.UniqueConstraint(
                fields=("name",), condition=Q(status="active"), name="mapping_one_active"
            ),
            models.CheckConstraint(
                condition=~Q(status="active") | Q(activated_at__isnull=False), name="mapping_active_since"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
