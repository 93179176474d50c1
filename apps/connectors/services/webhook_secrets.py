"""Change the secret that proves a system's webhooks, with the old one good as well while the system moves over."""

import base64
import secrets as random
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.models import Connection
from apps.connectors.selectors import connector_for
from apps.connectors.services.connections import seal_again
from apps.connectors.webhooks import INBOUND, PREVIOUS
from apps.core.errors import Conflict


class SecretIsTheSystems(Conflict):
    code = "secret_is_the_systems"
    title = "The system gives out this secret"


class SendsNoWebhooks(Conflict):
    code = "no_webhooks"
    title = "This system sends no webhooks; its changes are pulled"


def rotate_webhook_secret(*, connection: Connection, actor: Actor, now: datetime, secret: str = "") -> str:
    """Take a new secret, the given one or a random one, and return it; the one of before stays good.

    The one before that is good no more. Raises SendsNoWebhooks, and SecretIsTheSystems when only the system
    can make one.
    """
    name = connector_for(connection).caps.webhooks_by
    if name and name != INBOUND and not secret:
        raise SecretIsTheSystems(f"Enter the {name} that {connection.code} shows for its app.")
    new = secret or "whsec_" + base64.b64encode(random.token_bytes(32)).decode()

    def changed(known: dict[str, str], name: str) -> dict[str, str]:
        kept = {PREVIOUS + name: known[name]} if known.get(name) else {}
        return {**{key: value for key, value in known.items() if key != PREVIOUS + name}, **kept, name: new}

    _change(connection, changed, "connection.webhook_secret_rotated", actor, now)
    return new


def end_webhook_overlap(*, connection: Connection, actor: Actor, now: datetime) -> None:
    """Forget the secret of before: from now on only the new one proves anything. Raises SendsNoWebhooks."""

    def changed(known: dict[str, str], name: str) -> dict[str, str]:
        return {key: value for key, value in known.items() if key != PREVIOUS + name}

    _change(connection, changed, "connection.webhook_overlap_ended", actor, now)


def _change(
    connection: Connection,
    changed: Callable[[dict[str, str], str], dict[str, str]],
    verb: str,
    actor: Actor,
    now: datetime,
) -> None:
    name = connector_for(connection).caps.webhooks_by
    if not name:
        raise SendsNoWebhooks
    with acting(actor, reason=f"webhooks of {connection.code}"), transaction.atomic():
        locked = seal_again(connection, lambda known: changed(known, name), now)
        record_deed(verb=verb, now=now, subject=locked.code, detail={"names": locked.secret_names})
    connection.refresh_from_db()
