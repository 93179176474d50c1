"""The inbox: what systems sent by themselves, what became of it; correct, replay, dismiss."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.connectors.models import Connection
from apps.console.acts import ActingView, whoever_acts
from apps.console.landing.loads import golden_of
from apps.console.paging import newest_first, uuid_of
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.distribution.models import InboxMessage, InboxState
from apps.distribution.services import Taken, dismiss_messages, replay_messages
from apps.sources.models import SourceRecord

REPLAYABLE = (InboxState.REJECTED, InboxState.IGNORED)


class NotJson(Invalid):
    code = "not_json"
    title = "The corrected message is no JSON"


def messages_asked(query: Mapping[str, str]) -> QuerySet[InboxMessage]:
    """Return the messages a query string asks for."""
    wanted: dict[str, Any] = {
        "connection__code": query.get("system"),
        "state": query.get("state"),
        "object": query.get("object"),
        "native_id": query.get("key", "").strip(),
        "code": query.get("code"),
    }
    rows = InboxMessage.objects.filter(**{name: value for name, value in wanted.items() if value})
    return rows.select_related("connection").defer("content", "corrected")


def tell_taken(request: HttpRequest, taken: list[Taken]) -> None:
    """Say in a message what became of replayed messages."""
    states = [each.state for each in taken]
    parts = [f"{states.count(state):,} {state}" for state in InboxState.values if state in states]
    good = not {InboxState.REJECTED, InboxState.IGNORED} & set(states)
    (messages.success if good else messages.warning)(request, f"Taken again: {', '.join(parts)}.")


@screen("inbox/", name="inbox")
class InboxView(ActingView):
    """`?system=`, `?state=`, `?object=`, `?key=` and `?code=` choose; actions speak of the ticked messages."""

    title = "Inbox"
    template_name = "console/delivery/inbox.html"
    acts: ClassVar = {"replay": Capability.DECIDE, "dismiss": Capability.DECIDE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        codes = InboxMessage.objects.filter(state__in=REPLAYABLE).order_by().values_list("code", "state")
        senders = InboxMessage.objects.order_by().values("connection").distinct()
        return super().get_context_data(
            **kwargs,
            page=newest_first(messages_asked(query), query),
            systems=Connection.objects.filter(pk__in=senders).order_by("code"),
            states=InboxState.choices,
            reasons=codes.annotate(number=Count("pk")).order_by("-number")[:12],
            replayable=REPLAYABLE,
            query=query,
        )

    def _chosen(self, request: HttpRequest) -> list[UUID]:
        found = [each for each in map(uuid_of, request.POST.getlist("message")) if each]
        if not found:
            raise Invalid("Choose messages first.")
        return found

    def act_replay(self, request: HttpRequest) -> None:
        reason = request.POST.get("reason", "") or "replayed"
        chosen = self._chosen(request)
        tell_taken(
            request, replay_messages(messages=chosen, actor=whoever_acts(), reason=reason, now=utcnow())
        )

    def act_dismiss(self, request: HttpRequest) -> None:
        chosen = self._chosen(request)
        reason = request.POST.get("reason", "") or "dismissed"
        dismiss_messages(messages=chosen, actor=whoever_acts(), reason=reason, now=utcnow())
        messages.success(request, f"{len(chosen):,} dismissed; they stay readable for a month.")


@screen("inbox/<uuid:pk>/", name="inbox_message")
class InboxMessageView(ActingView):
    """One message: as it came, what became of it, and a field to correct it in."""

    template_name = "console/delivery/inbox_message.html"
    acts: ClassVar = dict.fromkeys(("correct", "replay", "dismiss"), Capability.DECIDE)

    def _row(self) -> InboxMessage:
        rows = InboxMessage.objects.select_related("connection", "load")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, clear = self._row(), user_may(self.request, Capability.UNMASK)
        said = row.content if row.corrected is None else row.corrected
        records = SourceRecord.objects.filter(system_id=row.connection.code, key=row.native_id)
        if row.load_id:
            records = records | SourceRecord.objects.filter(
                load_id=row.load_id, system_id=row.connection.code
            )
        landed = list(records.select_related("crosswalk__record").distinct()[:20]) if row.native_id else []
        return super().get_context_data(
            **kwargs,
            title=f"Message of {row.connection}",
            row=row,
            clear=clear,
            text=said if isinstance(said, str) else json.dumps(said, indent=2, ensure_ascii=False),
            editable=clear and row.state in REPLAYABLE and user_may(self.request, Capability.DECIDE),
            records=[(record, golden_of(record, clear=clear)) for record in landed],
            took=(row.settled_at - row.received_at).total_seconds() if row.settled_at else None,
            delay=(row.received_at - row.occurred_at).total_seconds() if row.occurred_at else None,
        )

    def _reason(self, request: HttpRequest) -> str:
        return request.POST.get("reason", "").strip() or "by hand"

    def act_correct(self, request: HttpRequest) -> None:
        text = request.POST.get("content", "")
        if "\\u0000" in text:
            raise NotJson("It holds the character \\u0000, which cannot be stored.")
        try:
            content = orjson.loads(text)
        except ValueError as fault:
            raise NotJson(f"{fault}.") from None
        row = self._row()
        taken = replay_messages(
            messages=[row.pk], actor=whoever_acts(), reason=self._reason(request), now=utcnow(),
            corrected={row.pk: content},
        )  # fmt: skip
        tell_taken(request, taken)

    def act_replay(self, request: HttpRequest) -> None:
        taken = replay_messages(
            messages=[self._row().pk], actor=whoever_acts(), reason=self._reason(request), now=utcnow()
        )
        tell_taken(request, taken)

    def act_dismiss(self, request: HttpRequest) -> str:
        dismiss_messages(
            messages=[self._row().pk], actor=whoever_acts(), reason=self._reason(request), now=utcnow()
        )
        messages.success(request, "The message is dismissed; it stays readable for a month.")
        return reverse("admin:inbox")
