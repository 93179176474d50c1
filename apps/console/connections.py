"""Connections to systems: address, options, whether they answer; secrets are set here and never shown."""

import json
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.connectors.models import Connection
from apps.connectors.registry import CONNECTORS
from apps.connectors.selectors import connector_for
from apps.connectors.services import (
    end_webhook_overlap,
    rotate_webhook_secret,
    save_connection,
    set_secrets,
)
from apps.connectors.webhooks import INBOUND, PREVIOUS
from apps.console.acts import ActingView, whoever_acts
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.distribution.models import InboxMessage, RefusedWebhooks

SPARE = 3
"""Empty rows in the form for secrets."""
_USUAL = {
    "salesforce": ("client_id", "client_secret"),
    "netsuite": ("consumer_key", "consumer_secret", "token_id", "token_secret"),
    "dataverse": ("client_id", "client_secret"),
    "hubspot": ("token", "client_secret"),
    "sap": ("username", "password"),
    "tryton": ("username", "password"),
    "webhook": ("secret", "inbound_secret"),
    "topic": ("username", "password"),
}


class NotAnObject(Invalid):
    code = "not_an_object"
    title = "Options are a JSON object"


class SecretsIncomplete(Invalid):
    code = "secrets_incomplete"
    title = "All secrets are replaced together; give each one its value"


def options_of(text: str) -> dict[str, Any]:
    """Return options from the form's text. Raises NotAnObject."""
    try:
        options = json.loads(text or "{}")
    except ValueError as error:
        raise NotAnObject(f"Options: {error}.") from None
    if not isinstance(options, dict):
        raise NotAnObject('Write names and values, e.g. {"account": "TSTDRV1"}.')
    return options


@screen("connections/", name="connections")
class ConnectionsView(ActingView):
    title = "Connections"
    template_name = "console/system/connections.html"
    capability = Capability.ADMINISTER
    acts: ClassVar = {"add": Capability.ADMINISTER}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs, connections=list(Connection.objects.all()), kinds=CONNECTORS.names()
        )

    def act_add(self, request: HttpRequest) -> str:
        post = request.POST
        code = post.get("code", "").strip()
        if not code or Connection.objects.filter(code=code).exists():
            raise Invalid(f"Give the connection a new code; {code or 'an empty one'} cannot be used.")
        made = save_connection(
            code=code,
            kind=post.get("kind", ""),
            base_url=post.get("base_url", "").strip(),
            sandbox=bool(post.get("sandbox")),
            enabled=False,
            actor=whoever_acts(),
            now=utcnow(),
        )
        messages.success(
            request, f"{made} is created, switched off; set its secrets, check it, then switch it on."
        )
        return reverse("admin:connection", args=(made.code,))


@screen("connections/<slug:code>/", name="connection")
class ConnectionView(ActingView):
    template_name = "console/system/connection.html"
    capability = Capability.ADMINISTER
    acts: ClassVar = dict.fromkeys(
        ("save", "secrets", "check", "rotate", "end_overlap"), Capability.ADMINISTER
    )

    def _connection(self) -> Connection:
        row = Connection.objects.filter(code=self.kwargs["code"]).first()
        if row is None:
            raise Http404("There is no such connection.")
        return row

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self._connection()
        names = list(row.secret_names) or list(_USUAL.get(row.kind, ()))
        return super().get_context_data(
            **kwargs,
            title=f"Connection to {row}",
            row=row,
            options=json.dumps(row.options, indent=2, ensure_ascii=False),
            kinds=CONNECTORS.names(),
            secret_rows=[*names, *[""] * SPARE],
            webhooks=self._webhooks(row),
        )

    def _webhooks(self, row: Connection) -> dict[str, Any]:
        """Return what one must know to have the system send webhooks; empty when it sends none."""
        secret = connector_for(row).caps.webhooks_by if row.kind in CONNECTORS else ""
        if not secret:
            return {}
        own = self.request.build_absolute_uri(reverse("webhook", args=(row.code,)))
        return {
            "address": row.options.get("webhook_url") or own,
            "secret": secret,
            "is_set": secret in row.secret_names,
            "is_ours": secret == INBOUND,
            "overlap": PREVIOUS + secret in row.secret_names,
            "refused": RefusedWebhooks.objects.filter(connection=row).first(),
            "last": InboxMessage.objects.filter(connection=row).values_list("received_at", flat=True).first(),
        }

    def act_save(self, request: HttpRequest) -> None:
        post = request.POST
        save_connection(
            code=self._connection().code,
            kind=post.get("kind", ""),
            label=post.get("label", "").strip(),
            base_url=post.get("base_url", "").strip(),
            options=options_of(post.get("options", "")),
            enabled=bool(post.get("enabled")),
            sandbox=bool(post.get("sandbox")),
            actor=whoever_acts(),
            now=utcnow(),
        )
        messages.success(request, "The connection is saved.")

    def act_secrets(self, request: HttpRequest) -> None:
        pairs = zip(request.POST.getlist("secret_name"), request.POST.getlist("secret_value"), strict=False)
        secrets = {name.strip(): value for name, value in pairs if name.strip()}
        if not secrets or not all(secrets.values()):
            raise SecretsIncomplete("Clear the name of a secret that is no longer needed.")
        set_secrets(connection=self._connection(), secrets=secrets, actor=whoever_acts(), now=utcnow())
        messages.success(request, f"{len(secrets)} secrets are sealed; nobody can read them from here.")

    def act_rotate(self, request: HttpRequest) -> HttpResponse:
        """Show the new secret in the answer itself: it can be read nowhere afterwards."""
        given = request.POST.get("secret", "").strip()
        new = rotate_webhook_secret(
            connection=self._connection(), secret=given, actor=whoever_acts(), now=utcnow()
        )
        return self.show(new_secret="" if given else new, rotated=True)

    def act_end_overlap(self, request: HttpRequest) -> None:
        end_webhook_overlap(connection=self._connection(), actor=whoever_acts(), now=utcnow())
        messages.success(request, "Only the new secret proves webhooks from now on.")

    def act_check(self, request: HttpRequest) -> HttpResponse:
        """Ask the system itself: sign-in, permissions, external-id fields, clock."""
        return self.show(health=connector_for(self._connection()).check())
