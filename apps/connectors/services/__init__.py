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

__all__ = [
    "Discovery",
    "OwnDraft",
    "activate_mapping",
    "connect_sandbox",
    "discover_catalog",
    "draft_mapping",
    "is_own_draft",
    "reseal_secrets",
    "roll_back_mapping",
    "save_connection",
    "seed_default_mappings",
    "set_secrets",
]
