"""Labels from standing decisions: each pair as the person saw it, scored by the rule that is to learn."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict
from apps.golden.spec import Document, EntitySpec
from apps.matching import engine
from apps.matching.engine import Pairs, Prepared, Scores
from apps.matching.engine.arrays import I64, Bools
from apps.matching.features import table_of, with_golden_references
from apps.matching.models import Verdict
from apps.matching.scoring import Rule
from apps.matching.selectors.recalling import seen_documents
from apps.matching.selectors.rules import rule_of
from apps.matching.signatures import signature_of
from apps.quality.selectors import standardized_values

MOST_LABELS = 5_000
PER_PATTERN = 25
"""Labels of one pattern decision that count: a thousand pairs of one signature teach no more than these."""
LEAST_LABELS = 20
LEAST_EACH = 5
"""Fewer labels of either kind cannot be held back and learned from at once."""

_LABELS = """
    SELECT id, left_id, right_id, verdict, decided_by, rule_version, evidence, pattern_id FROM (
        SELECT d.*, row_number() OVER (PARTITION BY pattern_id, verdict ORDER BY md5(id::text)) AS place
        FROM matching_pairdecision d WHERE entity = %s AND withdrawn_at IS NULL) numbered
    WHERE pattern_id IS NULL OR place <= %s ORDER BY decided_at DESC, id LIMIT %s
"""


class TooFewLabels(Conflict):
    code = "too_few_labels"
    title = "There are too few decisions to learn from"


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled pairs, by position: rows 2k and 2k + 1 of `prepared` are pair k.

    `group` says which labels share records, so that none is proved on what it was learned from.
    """

    ids: list[UUID]
    records: list[tuple[UUID, UUID]]
    prepared: Prepared
    pairs: Pairs
    is_match: Bools
    group: I64
    signatures: list[str]
    people: Counter[str]
    unseen: int
    """Labels without a stored comparison (splits, unmerges): told by the records as they are now."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def matches(self) -> int:
        return int(self.is_match.sum())

    def scored(self, rule: Rule, model: engine.Model | None = None) -> Scores:
        return engine.score_pairs(self.prepared, self.prepared, self.pairs, model or rule.model, rule.config)

    def demand_enough(self) -> None:
        """Raise TooFewLabels, saying how many more of which kind it takes."""
        matches, others = self.matches, len(self) - self.matches
        lacking = {"MATCH": LEAST_EACH - matches, "NOT A MATCH": LEAST_EACH - others}
        more = max(LEAST_LABELS - len(self), sum(max(each, 0) for each in lacking.values()))
        if more <= 0:
            return
        kinds = [f"at least {count} {name}" for name, count in lacking.items() if count > 0]
        raise TooFewLabels(
            f"There are {len(self)} labels ({matches} MATCH, {others} NOT A MATCH). Decide {more} more pairs"
            + (f", {' and '.join(kinds)}." if kinds else ".")
        )


def collect_labels(spec: EntitySpec, rule: Rule) -> Labels:
    """Return people's standing decisions as labels, in two or three statements."""
    with raw_cursor() as cursor:
        cursor.execute(_LABELS, (spec.name, PER_PATTERN, MOST_LABELS))
        rows = cursor.fetchall()
    now = {each for _, left, right, *_, evidence, _ in rows if evidence is None for each in (left, right)}
    present = standardized_values(ids=now)
    if spec.match.strategy != "fuzzy":
        present = with_golden_references(spec, present)
    documents: list[Document] = []
    kept = []
    for row in rows:
        _, left, right, _, _, version, evidence, _ = row
        if evidence is not None and version is not None:
            documents += seen_documents(spec, rule_of(spec.name, version).config, evidence)
        elif left in present and right in present:
            documents += [present[left], present[right]]
        else:
            continue
        kept.append(row)
    count = len(kept)
    prepared = engine.prepare(table_of(spec, _row_ids(count), documents), rule.config)
    left_rows = np.arange(count, dtype=np.int32) * 2
    pairs = Pairs(left_rows, left_rows + 1, np.zeros(count, np.uint64))
    return Labels(
        ids=[row[0] for row in kept],
        records=[(row[1], row[2]) for row in kept],
        prepared=prepared,
        pairs=pairs,
        is_match=np.array([row[3] == Verdict.MATCH for row in kept], bool),
        group=_groups([(row[1], row[2]) for row in kept]),
        signatures=[signature_of(row[6] or ()) for row in kept],
        people=Counter(row[4] for row in kept),
        unseen=sum(row[6] is None for row in kept),
    )


def _row_ids(count: int) -> list[UUID]:
    return [UUID(int=number) for number in range(2 * count)]


def _groups(records: list[tuple[UUID, UUID]]) -> I64:
    """Return the number of the connected group of each pair."""
    place: dict[UUID, int] = {}
    rows = [place.setdefault(left, len(place)) for left, _ in records]
    columns = [place.setdefault(right, len(place)) for _, right in records]
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(place), len(place)))
    labels = connected_components(graph, directed=False)[1] if place else np.zeros(0, np.int64)
    return np.asarray(labels[rows] if rows else labels, np.int64)
