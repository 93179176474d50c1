"""Verbs on connections and mapping documents."""

from apps.connectors.services.connections import connect_sandbox, reseal_secrets, save_connection, set_secrets
from apps.connectors.services.discovery import Discovery, discover_catalog
from apps.connectors.services.mappings import (
    OwnDraft,
    activate_mapping,
    draft_mapping,
    is_own_draft,
    roll_back_mapping,
)
from apps.connectors.services.seeding import seed_default_mappings
from apps.connectors.services.webhook_secrets import end_webhook_overlap, rotate_webhook_secret

__all__ = [
    "Discovery",
    "OwnDraft",
    "activate_mapping",
    "connect_sandbox",
    "discover_catalog",
    "draft_mapping",
    "end_webhook_overlap",
    "is_own_draft",
    "reseal_secrets",
    "roll_back_mapping",
    "rotate_webhook_secret",
    "save_connection",
    "seed_default_mappings",
    "set_secrets",
]
