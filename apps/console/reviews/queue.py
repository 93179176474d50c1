"""Reads on the review queue: the pair to look at, its neighbours, how far the work has come."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.console.badges import MOST
from apps.console.masking import Sight
from apps.golden.registry import entity
from apps.matching.models import CandidatePair, PairDecision, PairStatus
from apps.matching.selectors import hides_strength
from apps.sources.models import Crosswalk

NEXT = 7


@dataclass(frozen=True, slots=True)
class Progress:
    """How many pairs wait (at most `MOST` are counted) and how many this user decided since midnight UTC."""

    open: int
    decided_today: int

    @property
    def share(self) -> int:
        total = self.open + self.decided_today
        return round(100 * self.decided_today / total) if total else 100


WORTH = Coalesce(F("value"), 4.0 * F("probability") * (1.0 - F("probability")), output_field=FloatField())
"""What an answer is worth; a pair that is not rated yet counts by its doubt alone."""


def worth_of(pair: CandidatePair) -> float:
    """Return what `WORTH` gives for a pair."""
    return 4.0 * pair.probability * (1.0 - pair.probability) if pair.value is None else pair.value


def open_pairs(entity_name: str = "") -> QuerySet[CandidatePair]:
    """Return the pairs that wait for an answer of their own, those worth most first."""
    waiting = CandidatePair.objects.filter(status=PairStatus.OPEN, pattern__isnull=True)
    pairs = waiting.annotate(worth=WORTH).order_by("-worth", "-id")
    return pairs.filter(entity=entity_name) if entity_name else pairs


def _beyond(pair: CandidatePair, *, backwards: bool) -> Q:
    side, worth = "gt" if backwards else "lt", worth_of(pair)
    return Q(**{f"worth__{side}": worth}) | Q(**{"worth": worth, f"id__{side}": pair.pk})


def pairs_after(pair: CandidatePair, entity_name: str = "", limit: int = NEXT) -> list[CandidatePair]:
    """Return the open pairs that follow one, whether that one is still open or not."""
    rows = open_pairs(entity_name).filter(_beyond(pair, backwards=False))
    chosen = list(rows.values_list("pk", flat=True)[:limit])
    # Their records only: joined before they are sorted, those of every open pair would be read.
    found = CandidatePair.objects.select_related("left", "right").in_bulk(chosen)
    return [found[key] for key in chosen if key in found]


def pair_before(pair: CandidatePair, entity_name: str = "") -> CandidatePair | None:
    rows = open_pairs(entity_name).filter(_beyond(pair, backwards=True))
    return rows.reverse().first()


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A pair as the list of what comes next shows it."""

    pair: CandidatePair
    left: str
    right: str
    tells: bool
    """Whether the viewer may know how likely it is."""

    @property
    def why(self) -> str:
        return why_first(self.pair)


def why_first(pair: CandidatePair) -> str:
    """Return why a pair stands where it does: how unsure the rules are and what hangs on the two records."""
    stakes = pair.stakes or {}
    unsure = "rules disagree" if stakes.get("contested") else f"{_unsure(pair):.0%} unsure"
    amounts = [f"{_short(amount)} {name}" for name, amount in stakes.get("amounts", {}).items()]
    count = sum(stakes.get("dependants", {}).values())
    dependants = [f"{count} dependant{'' if count == 1 else 's'}"] if count else []
    return " · ".join([unsure, *amounts, *dependants])


def _unsure(pair: CandidatePair) -> float:
    return 4.0 * pair.probability * (1.0 - pair.probability)


def _short(amount: float) -> str:
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"{amount / size:.1f}{unit}".replace(".0", "")
    return f"{amount:.0f}"


def upcoming_after(pair: CandidatePair, entity_name: str, *, clear: bool) -> list[Upcoming]:
    """Return the pairs that follow with what their golden records are called, in three statements."""
    pairs = pairs_after(pair, entity_name)
    ids = [pk for each in pairs for pk in (each.left_id, each.right_id)]
    homes = Crosswalk.objects.filter(pk__in=ids).values_list("source_record_id", "entity", "record__title")
    titles = {pk: Sight(entity(name), clear).title(title) for pk, name, title in homes}
    return [
        Upcoming(
            each,
            titles.get(each.left_id, each.left.key),
            titles.get(each.right_id, each.right.key),
            not hides_strength(entity(each.entity), clear=clear),
        )
        for each in pairs
    ]


def next_pair(pair: CandidatePair | None, entity_name: str = "") -> CandidatePair | None:
    """Return the pair after this one; at the end of the queue its first one that is not this one."""
    if pair is not None and (following := pairs_after(pair, entity_name, limit=1)):
        return following[0]
    rows = open_pairs(entity_name)
    return rows.exclude(pk=pair.pk).first() if pair is not None else rows.first()


def find_pair(pk: UUID) -> CandidatePair | None:
    return CandidatePair.objects.select_related("left__system", "right__system").filter(pk=pk).first()


def standing_decision(pair: CandidatePair) -> PairDecision | None:
    """Return what a person decided of the two records and did not take back."""
    found = PairDecision.objects.filter(left=pair.left_id, right=pair.right_id, withdrawn_at__isnull=True)
    return found.order_by("-decided_at").first()


def progress_of(username: str, *, entity_name: str, now: datetime) -> Progress:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    decided = PairDecision.objects.filter(decided_by=username, decided_at__gte=midnight)
    if entity_name:
        decided = decided.filter(entity=entity_name)
    return Progress(open=open_pairs(entity_name)[:MOST].count(), decided_today=decided.count())
