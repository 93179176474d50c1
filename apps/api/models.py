"""What the API remembers of requests that must not happen twice."""

from django.db import models


class IdempotencyKey(models.Model):
    """A request a client named; written in the transaction of its effect, so neither is ever there alone."""

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of method, address and content.")
    status = models.PositiveSmallIntegerField()
    answer = models.TextField(help_text="JSON, to be answered byte by byte again.")
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user_id", "key"), name="idempotency_key_once_per_client"),
        )

    def __str__(self) -> str:
        return f"{self.user_id}:{self.key}"
