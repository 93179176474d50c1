"""Reads on the review queue: the pair to look at, its neighbours, how far the work has come."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.console.badges import MOST
from apps.matching.models import CandidatePair, PairDecision, PairStatus

NEXT = 9


@dataclass(frozen=True, slots=True)
class Progress:
    """How many pairs wait (at most `MOST` are counted) and how many this user decided since midnight UTC."""

    open: int
    decided_today: int

    @property
    def share(self) -> int:
        total = self.open + self.decided_today
        return round(100 * self.decided_today / total) if total else 100


def open_pairs(entity: str = "") -> QuerySet[CandidatePair]:
    """Return the pairs that wait, the likeliest first."""
    pairs = CandidatePair.objects.filter(status=PairStatus.OPEN).order_by("-probability", "-id")
    return pairs.filter(entity=entity) if entity else pairs


def _beyond(pair: CandidatePair, *, backwards: bool) -> Q:
    side = "gt" if backwards else "lt"
    same = {"probability": pair.probability, f"id__{side}": pair.pk}
    return Q(**{f"probability__{side}": pair.probability}) | Q(**same)


def pairs_after(pair: CandidatePair, entity: str = "", limit: int = NEXT) -> list[CandidatePair]:
    """Return the open pairs that follow one, whether that one is still open or not."""
    rows = open_pairs(entity).filter(_beyond(pair, backwards=False))
    return list(rows.select_related("left", "right")[:limit])


def pair_before(pair: CandidatePair, entity: str = "") -> CandidatePair | None:
    rows = open_pairs(entity).filter(_beyond(pair, backwards=True))
    return rows.order_by("probability", "id").first()


def next_pair(pair: CandidatePair | None, entity: str = "") -> CandidatePair | None:
    """Return the pair after this one; at the end of the queue its first one that is not this one."""
    if pair is not None and (following := pairs_after(pair, entity, limit=1)):
        return following[0]
    rows = open_pairs(entity)
    return rows.exclude(pk=pair.pk).first() if pair is not None else rows.first()


def find_pair(pk: UUID) -> CandidatePair | None:
    return CandidatePair.objects.select_related("left__system", "right__system").filter(pk=pk).first()


def progress_of(username: str, *, entity: str, now: datetime) -> Progress:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    decided = PairDecision.objects.filter(decided_by=username, decided_at__gte=midnight)
    if entity:
        decided = decided.filter(entity=entity)
    return Progress(open=open_pairs(entity)[:MOST].count(), decided_today=decided.count())
