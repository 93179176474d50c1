"""Open pairs by evidence signature: the patterns worth deciding at once, and random samples of one."""

from dataclasses import dataclass
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.matching.signatures import SIGNATURE, signature_parts
from apps.matching.storage import Pair

SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Pattern:
    """Open pairs whose attributes agree in the same way. Probabilities are of the pairs as they were found."""

    entity: str
    signature: str
    pairs: int
    least: float
    mean: float
    most: float
    worth: float
    """Sum of what the answers are worth."""

    @property
    def parts(self) -> list[tuple[str, str]]:
        return signature_parts(self.signature)


@dataclass(frozen=True, slots=True)
class SignedLabels:
    """What people said before of pairs of one signature."""

    matches: int
    others: int


def open_patterns(*, entity: str, least: int = 2, limit: int = 50) -> list[Pattern]:
    """Return the patterns of at least so many open pairs, those worth most first, in one statement."""
    with raw_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT entity, signature, count(*), min(probability), avg(probability), max(probability),
                sum(coalesce(value, 4 * probability * (1 - probability)))
            FROM (SELECT p.entity, p.probability, p.value, {SIGNATURE} AS signature FROM matching_candidatepair p
                WHERE p.entity = %s AND p.status = 'open' AND p.pattern_id IS NULL) open
            GROUP BY 1, 2 HAVING count(*) >= %s ORDER BY 7 DESC, 2 LIMIT %s
            """,
            (entity, least, limit),
        )
        return [Pattern(*row) for row in cursor]


def pattern_sample(*, entity: str, signature: str, seed: str, size: int = SAMPLE) -> list[tuple[UUID, Pair]]:
    """Return some of a pattern's open pairs, drawn at random; the same seed draws the same ones."""
    with raw_cursor() as cursor:
        cursor.execute(
            f"SELECT p.id, p.left_id, p.right_id FROM matching_candidatepair p WHERE p.entity = %s"
            f" AND p.status = 'open' AND p.pattern_id IS NULL AND {SIGNATURE} = %s"
            " ORDER BY md5(p.id::text || %s) LIMIT %s",
            (entity, signature, seed, size),
        )
        return [(pair, (left, right)) for pair, left, right in cursor]


def said_of_pattern(*, entity: str, signature: str) -> SignedLabels:
    """Return how people answered pairs of this signature until now."""
    with raw_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE verdict = 'match'), count(*) FILTER (WHERE verdict = 'never')
            FROM matching_pairdecision p
            WHERE entity = %s AND withdrawn_at IS NULL AND evidence IS NOT NULL AND {SIGNATURE} = %s
            """,
            (entity, signature),
        )
        matches, others = cursor.fetchone() or (0, 0)
        return SignedLabels(matches, others)
