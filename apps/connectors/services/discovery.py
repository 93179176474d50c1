"""Verbs that ask a system about itself: whether it answers, and what objects and fields it has."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.catalog import Catalog, catalog_of_json
from apps.connectors.models import Connection
from apps.connectors.selectors import connector_for


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, and how it differs from what was found before: `object.field`, sorted."""

    catalog: Catalog
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]


def discover_catalog(*, connection: Connection, actor: Actor, now: datetime) -> Discovery:
    """Read the organisation's own objects and fields and keep them; mappings are checked against them.

    Raises ReadFailed when the system does not tell.
    """
    found = connector_for(connection).discover()
    with acting(actor, reason=f"catalog of {connection.code}"), transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        before = _flat(catalog_of_json(locked.catalog))
        after = _flat(found)
        discovery = Discovery(
            found,
            added=tuple(sorted(after.keys() - before.keys())),
            gone=tuple(sorted(before.keys() - after.keys())),
            changed=tuple(
                sorted(name for name in after.keys() & before.keys() if after[name] != before[name])
            ),
        )
        locked.catalog, locked.catalog_at = asdict(found), now
        locked.save(update_fields=["catalog", "catalog_at"])
        counts: dict[str, object] = {
            name: len(getattr(discovery, name)) for name in ("added", "gone", "changed")
        }
        record_deed(verb="connection.discovered", now=now, subject=locked.code, detail=counts)
    connection.refresh_from_db()
    return discovery


def _flat(catalog: Catalog) -> dict[str, Any]:
    return {f"{one.name}.{field.name}": field for one in catalog.objects for field in one.fields}
