"""Ask owners about what systems say that do not own it: one open challenge per record and group."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.mastering.contracts import Plan
from apps.mastering.services import Challenge, challenges_of
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus
from apps.stewardship.routing import USUAL_HOURS


def raise_challenges(*, plan: Plan, policy_version: int, now: datetime) -> None:
    """Open, keep and close challenges so that they are what the plan comes to.

    What an owner turned down is not asked again until the system says something else, or the golden value changes.
    """
    records = [change.record_id for change in plan.changes if change.kind != "created"]
    earlier = ChangeRequest.objects.filter(
        record__in=records,
        kind=RequestKind.CHALLENGE,
        status__in=(RequestStatus.PENDING, RequestStatus.REJECTED),
    ).order_by("-requested_at")
    known: dict[tuple[UUID, str], list[ChangeRequest]] = {}
    for request in earlier:
        known.setdefault((request.record_id, request.group), []).append(request)
    wanted = {(each.record_id, each.group): each for each in challenges_of(plan)}
    outdated = [
        request.pk
        for key, requests in known.items()
        for request in requests
        if request.is_pending and not (key in wanted and _same(request, wanted[key]))
    ]
    supersede(outdated, now=now)
    new = [
        each
        for key, each in wanted.items()
        if not any(_same(request, each) for request in known.get(key, ())[:1])
    ]
    created = ChangeRequest.objects.bulk_create(
        ChangeRequest(
            record_id=each.record_id,
            entity=plan.entity,
            group=each.group,
            kind=RequestKind.CHALLENGE,
            owner=each.owner,
            before=each.before,
            after=each.after,
            provenance={
                name: {"system": each.system, "key": each.key, "source": each.source, "rule": each.rule}
                for name in each.after
            },
            pins=each.after,
            reason=f"{each.system} says otherwise (rule {each.rule})",
            requested_by=each.system,
            requested_at=now,
            due_at=now + timedelta(hours=USUAL_HOURS),
            policy_version=policy_version,
        )
        for each in new
    )
    if created:
        with raw_cursor() as cursor:
            write_history(cursor, ChangeRequest, [request.pk for request in created], kind="+", now=now)


def _same(request: ChangeRequest, challenge: Challenge) -> bool:
    return (request.before, request.after) == (challenge.before, challenge.after)


def supersede(ids: Sequence[UUID], *, now: datetime) -> None:
    """Close pending requests that a newer one, or the course of things, has overtaken."""
    if not ids:
        return
    waiting = ChangeRequest.objects.select_for_update().filter(pk__in=ids, status=RequestStatus.PENDING)
    found = sorted(waiting.order_by("pk").values_list("pk", flat=True))
    ChangeRequest.objects.filter(pk__in=found).update(status=RequestStatus.SUPERSEDED, decided_at=now)
    with raw_cursor() as cursor:
        write_history(cursor, ChangeRequest, found, kind="~", now=now)
