"""Component schemas of webhooks that come in."""

from collections.abc import Mapping

from apps.api.schema.values import Schema, listed, shape, text


def inbox_components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    message = {
        "id": text(description="Of the sender, or made of the content where the sender gives none."),
        "state": {
            "enum": ["waiting", "landed", "ignored", "rejected", "dismissed"],
            "description": "waiting: what it names is fetched; rejected: kept for a steward to correct.",
        },
        "repeated": {"type": "boolean", "description": "It was taken before; nothing was done now."},
    }
    return {
        "Webhook": {"description": "As the system sends it, at most 1 MiB."},
        "WebhookMessage": shape(message),
        "WebhookTaken": shape({"messages": listed({"$ref": "#/components/schemas/WebhookMessage"})}),
    }
