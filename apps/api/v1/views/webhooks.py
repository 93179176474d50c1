"""What systems send by themselves: no token, the signature (or key) of the request says who it is."""

from typing import Any

import structlog
from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.limits import take_for_address, take_for_connection
from apps.api.operations import Operation
from apps.api.parameters import Parameter
from apps.api.problems import MethodNotAllowed, TooLarge
from apps.connectors.contracts import Posted, WebhookRefused
from apps.connectors.models import Connection
from apps.core.clock import utcnow
from apps.core.errors import Conflict, HubError
from apps.distribution.services import Taken, note_refused_webhook, take_webhook

log = structlog.get_logger(__name__)
MOST_BYTES = 1024 * 1024
"""HubSpot sends 100 events at most, Dataverse 256 KB, Standard Webhooks advises 20 KB."""


class MessageReused(Conflict):
    code = "message_id_reused"
    title = "This message id belongs to a message with another content"


class WebhookView(HubView):
    """Take what a system sends; answered as soon as it is kept."""

    operations = {
        "post": Operation(
            id="take_webhook",
            summary="Take what a connected system sends by itself",
            description="No token: the system's own signature or key is the sign-in. HubSpot (signature v3), Standard"
            " Webhooks (generic connections, and change events that a relay of Salesforce passes on) and Dataverse"
            " (service endpoint with a key). A message is kept once: sent again, it is answered with 200 and does"
            " nothing; with another content under its id, with 409. What cannot be read is kept as rejected, for a"
            " steward to correct. Messages that only name a record have it fetched a moment later.",
            needs=Capability.POST_RECORDS,
            signed=True,
            body="Webhook",
            answers={202: "WebhookTaken", 200: "WebhookTaken"},
            problems=(409, 410),
            parameters=(
                Parameter(
                    "code", {"type": "string"}, "The key, of a Dataverse endpoint of the kind WebhookKey."
                ),
            ),
        )
    }

    def get_authenticators(self) -> list[Any]:
        return []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nobody signs in here; strangers are slowed down when they turn out to be some."""
        if self.operation(request) is None:
            raise MethodNotAllowed("Only POST is taken here.")

    def post(self, request: Request, connection: str) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooLarge("A webhook may have at most 1 MiB.")
        try:
            taken = take_webhook(system=connection, posted=_posted(request, connection), now=utcnow())
        except HubError as refused:
            self._limit(take_for_address(request.META.get("REMOTE_ADDR", "")))
            if not isinstance(refused, WebhookRefused):
                raise
            log.warning("api.webhook.refused", connection=connection, why=refused.detail)
            note_refused_webhook(system=connection, reason=refused.detail, now=utcnow())
            # Whoever cannot sign learns nothing of why; the log and System › Connections tell it.
            raise WebhookRefused("It is not signed as this connection expects.") from None
        self._limit(take_for_connection(connection))
        return _answer(taken)


def _answer(taken: list[Taken]) -> HttpResponse:
    if reused := [each.message_id for each in taken if each.conflicting]:
        detail = (
            f"Something else was taken under {', '.join(reused[:5])} and stays; the other messages are taken."
        )
        raise MessageReused(detail)
    messages = [{"id": each.message_id, "state": each.state, "repeated": each.repeated} for each in taken]
    new = any(not each.repeated for each in taken)
    return json_response({"messages": messages}, status=202 if new else 200)


def _posted(request: Request, connection: str) -> Posted:
    """Return the request as its sender signed it: under the public address, where a proxy shows another."""
    plain = request._request
    options = Connection.objects.filter(code=connection).values_list("options", flat=True).first() or {}
    public = str(options.get("webhook_url") or "")
    query = plain.META.get("QUERY_STRING", "")
    url = public + (f"?{query}" if public and query else "") or plain.build_absolute_uri()
    return Posted(url, dict(request.headers), plain.body, plain.method or "POST")
