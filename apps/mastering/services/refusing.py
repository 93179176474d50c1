"""Keep what was refused for leading back to its start: to be asked again, and shown with the row that told it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.mastering.contracts import Plan
from apps.mastering.models import RefusedReference
from apps.sources.services import ValueAside, set_values_aside

CYCLE = "cycle"


def write_refusals(*, plan: Plan, now: datetime) -> None:
    """Store what a plan refuses in place of what was refused before, and say so to who corrects rows."""
    computed = {change.record_id for change in plan.changes}
    merged = {redirect.loser for redirect in plan.redirects}
    ended = (plan.asked_again & computed) | merged
    if not ended and not plan.refused:
        return
    sources: set[UUID] = {each.source_record_id for each in plan.refused if each.source_record_id}
    if ended:
        old = RefusedReference.objects.filter(record__in=ended)
        sources |= set(old.exclude(source_record=None).values_list("source_record_id", flat=True))
        old.delete()
    RefusedReference.objects.bulk_create(
        RefusedReference(
            record_id=each.record_id,
            attribute=each.attribute,
            target_id=UUID(each.value),
            among=sorted(each.among),
            source_record_id=each.source_record_id,
        )
        for each in plan.refused
    )
    asides = {
        (each.source_record_id, each.attribute): ValueAside(
            each.source_record_id,
            each.attribute,
            f"{each.attribute} leads back to the record itself over {each.length} records and was left out. Correct"
            " the row, or the one above it; it is used again as soon as nothing stands in its way.",
        )
        for each in plan.refused
        if each.source_record_id
    }
    if sources:
        set_values_aside(code=CYCLE, considered=sorted(sources), asides=list(asides.values()), now=now)


def differing_refusals(*, plan: Plan) -> dict[UUID, list[tuple[str, list[str], list[str]]]]:
    """Return, by record, where other references are refused than is stored: (place, stored, computed)."""
    known: dict[tuple[UUID, str], list[str]] = {}
    stored = RefusedReference.objects.filter(record__in=plan.asked_again)
    for row in stored.order_by("target"):
        known.setdefault((row.record_id, row.attribute), []).append(_told(row.target_id, row.among))
    refused: dict[tuple[UUID, str], list[str]] = {}
    for each in sorted(plan.refused, key=lambda refusal: refusal.value):
        refused.setdefault((each.record_id, each.attribute), []).append(_told(UUID(each.value), each.among))
    found: dict[UUID, list[tuple[str, list[str], list[str]]]] = {}
    for record, attribute in sorted({*known, *refused}):
        before, after = known.get((record, attribute), []), refused.get((record, attribute), [])
        if before != after:
            found.setdefault(record, []).append((f"refused:{attribute}", before, after))
    return found


def _told(target: UUID, among: Iterable[UUID]) -> str:
    return f"{target} among {', '.join(sorted(map(str, among)))}"
