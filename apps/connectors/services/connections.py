"""Verbs on connections: save, set secrets, seal them again under a new key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.addresses import HTTP_SCHEMES, check_url
from apps.connectors.models import Connection
from apps.connectors.registry import CONNECTORS
from apps.connectors.sandbox.running import SANDBOXES, default_secrets, sandbox_options
from apps.connectors.sealing import present_key_id, seal, unseal
from apps.connectors.settings import BROKER_SCHEMES

ADDRESS_SCHEMES = {**HTTP_SCHEMES, **BROKER_SCHEMES}


def save_connection(
    *,
    code: str,
    kind: str,
    base_url: str,
    actor: Actor,
    now: datetime,
    label: str = "",
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    enabled: bool = True,
    sandbox: bool = False,
) -> Connection:
    """Create or change the connection of a system; secrets stay as they are when None.

    Raises UnknownName for an unknown connector, AddressRefused for an address that must not be called.
    """
    CONNECTORS.get(kind)
    check_url(base_url, sandbox=sandbox, schemes=ADDRESS_SCHEMES)
    with acting(actor, reason=f"connection {code}"), transaction.atomic():
        connection = Connection.objects.select_for_update().filter(code=code).first() or Connection(code=code)
        connection.kind, connection.base_url, connection.label = kind, base_url, label
        connection.options = dict(options or {})
        connection.enabled, connection.sandbox = enabled, sandbox
        if secrets is not None:
            _seal_into(connection, secrets, now)
        _save(connection, now)
        record_deed(
            verb="connection.saved",
            now=now,
            subject=code,
            detail={"kind": kind, "base_url": base_url, "enabled": enabled, "sandbox": sandbox},
        )
    return connection


def connect_sandbox(*, name: str, base_url: str, actor: Actor, now: datetime) -> Connection:
    """Point the connection of a system at its sandbox on this machine."""
    return save_connection(
        code=name,
        kind=name,
        label=SANDBOXES.get(name).title,
        base_url=base_url,
        options=sandbox_options(name, base_url),
        secrets=default_secrets(name),
        sandbox=True,
        actor=actor,
        now=now,
    )


def set_secrets(*, connection: Connection, secrets: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Replace all secrets of a connection."""
    with acting(actor, reason=f"secrets of {connection.code}"), transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        _seal_into(locked, secrets, now)
        _save(locked, now)
        record_deed(
            verb="connection.secrets_set", now=now, subject=locked.code, detail={"names": locked.secret_names}
        )
    connection.refresh_from_db()


def seal_again(
    connection: Connection, changed: Callable[[dict[str, str]], dict[str, str]], now: datetime
) -> Connection:
    """Replace a connection's secrets by what `changed` makes of them, in the running transaction."""
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    known = (
        unseal(bytes(locked.sealed), owner=locked.code, key_name=locked.sealed_with) if locked.sealed else {}
    )
    _seal_into(locked, changed(known), now)
    _save(locked, now)
    return locked


def reseal_secrets(*, actor: Actor, now: datetime) -> int:
    """Seal every connection's secrets under the present key; return how many were under an older one."""
    changed = 0
    with acting(actor, reason="new field key"), transaction.atomic():
        stale = Connection.objects.select_for_update().exclude(sealed_with__in=("", present_key_id()))
        for connection in stale.order_by("pk"):
            secrets = unseal(bytes(connection.sealed), owner=connection.code, key_name=connection.sealed_with)
            _seal_into(connection, secrets, now)
            _save(connection, now)
            changed += 1
        if changed:
            record_deed(verb="connection.secrets_resealed", now=now, detail={"connections": changed})
    return changed


def _seal_into(connection: Connection, secrets: Mapping[str, str], now: datetime) -> None:
    connection.sealed_with, connection.sealed = seal(secrets, owner=connection.code)
    connection.secret_names = sorted(secrets)
    connection.secrets_set_at = now


def _save(connection: Connection, now: datetime) -> None:
    if connection.pk:
        connection.revision += 1
    connection.updated_at = now
    connection.save()
