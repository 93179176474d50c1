"""Reads: active mappings and layouts, connections, and the connector that speaks for a connection."""

from functools import lru_cache

import orjson
from django.conf import settings
from django.db.models import Q

from apps.audit.versioning import RuleStatus
from apps.connectors.catalog import catalog_of_json
from apps.connectors.compiled import compile_document, document_face, layout_of, outbound_of
from apps.connectors.contracts import ActiveLayout, Catalog, Connector
from apps.connectors.mappings import Layout, MappingDocumentError, OutboundMapping
from apps.connectors.mappings.outbound import check_losses
from apps.connectors.models import Connection, Mapping, MappingKind
from apps.connectors.registry import CONNECTORS
from apps.connectors.sealing import unseal
from apps.connectors.settings import ConnectorSettings
from apps.core.bulk import raw_cursor
from apps.core.errors import NotFound


def active_mapping(name: str) -> OutboundMapping:
    """Return the outbound mapping in force; NotFound when none is."""
    row = _active(name, MappingKind.OUTBOUND)
    if row is None:
        raise NotFound(f"No outbound mapping {name!r} is active; activate a version of it.")
    return outbound_of(*row)


def mapping_version(name: str, version: int) -> OutboundMapping:
    """Return one version of an outbound mapping, whatever its status: replays use that of their time."""
    row = Mapping.objects.filter(name=name, kind=MappingKind.OUTBOUND, version=version).first()
    if row is None:
        raise NotFound(f"There is no version {version} of the outbound mapping {name!r}.")
    return outbound_of(row.text, row.version)


def active_mappings(*, system: str = "", entity: str = "") -> list[OutboundMapping]:
    """Return all outbound mappings in force, of one system or for one entity if asked."""
    rows = Mapping.objects.filter(kind=MappingKind.OUTBOUND, status=RuleStatus.ACTIVE).order_by("name")
    compiled = [outbound_of(row.text, row.version) for row in rows]
    return [one for one in compiled if system in ("", one.system) and entity in ("", one.entity)]


def active_layout(name: str) -> ActiveLayout:
    """Return the layout in force with its version; NotFound when none is."""
    row = _active(name, MappingKind.LAYOUT)
    if row is None:
        known = ", ".join(active_layouts()) or "none"
        raise NotFound(f"No layout {name!r} is active. Active: {known}.")
    return ActiveLayout(layout_of(row[0]), row[1])


def _active(name: str, kind: MappingKind) -> tuple[str, int] | None:
    """Return text and version in force; asked for every record posted and delivered: a tenth of what the ORM takes."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT text, version FROM connectors_mapping WHERE name = %s AND kind = %s AND status = %s",
            (name, kind.value, RuleStatus.ACTIVE.value),
        )
        return cursor.fetchone()


def active_layouts(system: str = "") -> dict[str, Layout]:
    """Return the layouts in force by name."""
    rows = Mapping.objects.filter(kind=MappingKind.LAYOUT, status=RuleStatus.ACTIVE).order_by("name")
    layouts = [layout_of(row.text) for row in rows]
    return {layout.name: layout for layout in layouts if system in ("", layout.system)}


def connection_of(code: str) -> Connection:
    """Return the connection of a system; NotFound when there is none."""
    row = Connection.objects.filter(code=code).first()
    if row is None:
        raise NotFound(f"There is no connection {code!r}; create one first.")
    return row


def catalog_of(connection: Connection) -> Catalog:
    """Return what the system said of its own objects and fields when it was last discovered; empty before."""
    return catalog_of_json(connection.catalog)


def contradictions(mapping: OutboundMapping) -> list[str]:
    """Return what the discovered catalogs of this mapping's systems say against it, by connection."""
    rows = Connection.objects.filter(Q(code=mapping.system) | Q(kind=mapping.system), catalog__isnull=False)
    found: list[str] = []
    for row in rows.order_by("code"):
        catalog = catalog_of_json(row.catalog)
        if catalog.object(mapping.object) is not None:
            found.extend(f"{row.code}: {fault}" for fault in mapping.check_against(catalog))
    return found


def document_faults(text: str) -> list[str]:
    """Return what speaks against a document that is not stored: its place and the fault, or what targets say.

    Language, inline tests, the way back, and the discovered catalogs of an outbound mapping's systems.
    """
    try:
        kind, _ = document_face(text)
        compiled = compile_document(kind, text, None)
        if isinstance(compiled, OutboundMapping):
            check_losses(text)
            return contradictions(compiled)
    except MappingDocumentError as fault:
        return [fault.detail]
    return []


def settings_of(connection: Connection) -> ConnectorSettings:
    """Return what the connector is built from, secrets opened."""
    return _settings(*_identity(connection))


def connector_for(connection: Connection) -> Connector:
    """Return the connector of a connection; one per process and content, so HTTP connections are reused."""
    return _build(connection.kind, *_identity(connection))


def _identity(connection: Connection) -> tuple[str, str, str, bytes, str, bool]:
    options = orjson.dumps(connection.options, option=orjson.OPT_SORT_KEYS).decode()
    sealed = bytes(connection.sealed)
    return connection.code, connection.base_url, options, sealed, connection.sealed_with, connection.sandbox


def _settings(
    code: str, base_url: str, options: str, sealed: bytes, sealed_with: str, sandbox: bool
) -> ConnectorSettings:
    known = orjson.loads(options)
    return ConnectorSettings(
        code=code,
        base_url=base_url,
        options=known,
        secrets=unseal(sealed, owner=code, key_name=sealed_with) if sealed else {},
        sandbox=sandbox,
        extra_hosts=tuple(known.get("extra_hosts", ())),
        private_hosts=frozenset(host.lower() for host in settings.MDM_PRIVATE_HOSTS),
    )


@lru_cache(maxsize=64)
def _build(
    kind: str, code: str, base_url: str, options: str, sealed: bytes, sealed_with: str, sandbox: bool
) -> Connector:
    return CONNECTORS.get(kind)(_settings(code, base_url, options, sealed, sealed_with, sandbox))
