"""Users with roles, and the tokens by which service clients sign in."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.roles import CAPABILITIES, Capability, Role


class User(AbstractUser):
    """A person or a service client; `is_service` users sign in by token only."""

    is_service = models.BooleanField(
        default=False, help_text="Signs in by token only, never with a password."
    )
    roles = ArrayField(
        models.CharField(max_length=20, choices=[(role.value, role.value.title()) for role in Role]),
        default=list,
        blank=True,
        help_text="What this user may do; without a role: nothing.",
    )
    owns = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="For data owners: systems or roles of systems they answer for; empty: all of them.",
    )

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        if not self.is_active:
            return frozenset()
        if self.is_superuser:
            return frozenset(Capability)
        return frozenset().union(*(CAPABILITIES[Role(role)] for role in self.roles))

    def may(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def answers_for(self, owner: str) -> bool:
        """Tell whether this user is the data owner of a system or a role of systems."""
        if not self.is_active:
            return False
        if self.is_superuser or Role.ADMINISTRATOR in self.roles:
            return True
        return Role.DATA_OWNER in self.roles and (not self.owns or owner in self.owns)


class ApiToken(models.Model):
    """A bearer token; only its SHA-256 is stored. Two live ones per user allow rotation without downtime."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="First characters, to recognise the token by.")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    capabilities = ArrayField(
        models.CharField(max_length=20, choices=[(c.value, c.value.title()) for c in Capability]),
        default=list,
        blank=True,
        help_text="Narrows what the user's roles allow; empty: all of it.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("user", "-created_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="api_token_expires_after_creation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"
