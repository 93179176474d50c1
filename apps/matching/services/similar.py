"""Search before create: does such a record exist? Reads only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.core.ids import uuid7
from apps.golden.spec import Document, EntitySpec
from apps.matching.contracts import Similar
from apps.matching.engine import Band
from apps.matching.keyring import holders_of
from apps.matching.prepared import forms_of
from apps.matching.rule import Rule
from apps.matching.scoring import Compared, compare, found_pair, score
from apps.matching.selectors import active_rule
from apps.quality.selectors import standardized_values
from apps.quality.services import standardize_records

INTERACTIVE_CAP = 60
INTERACTIVE_LONE = 8
"""Up to how many records may hold a key that is all a record has in common with the one asked for."""
THOROUGH_CAP = 500
FAINT = -7.0
"""Bits below which a likeness is not worth a look (about one in a hundred)."""


def find_similar(
    *, spec: EntitySpec, values: Mapping[str, Any], limit: int = 10, thorough: bool = False
) -> list[Similar]:
    """Return golden records that resemble these values, the likeliest first, each with its best evidence.

    `values` are canonical attributes as anyone would type them. `thorough` also follows common blocking keys.
    Raises NoMatchRule for an entity without match features.
    """
    rule = active_rule(spec.name)
    [standard] = standardize_records(spec=spec, records=[dict(values)])
    asked = uuid7()
    mine = forms_of(spec, rule, {asked: standard.values})
    with raw_cursor() as cursor:
        cap, lone = (THOROUGH_CAP, THOROUGH_CAP) if thorough else (INTERACTIVE_CAP, INTERACTIVE_LONE)
        found = holders_of(cursor, mine[asked].keys, cap=cap, lone=lone)
    if not found:
        return []
    homes = {record: home for record, (_, home) in found.items()}
    pairs = [(asked, other) for other in homes]
    if spec.match.strategy == "fuzzy":
        compared = score(rule, {record: form for record, (form, _) in found.items()} | mine, pairs)
    else:
        compared = compare(spec, rule, {**standardized_values(ids=homes), asked: standard.values}, pairs)
    best: dict[UUID, int] = {}
    for at in compared.scores.probability.argsort()[::-1].tolist():
        left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
        if compared.scores.weight[at] > FAINT and len(best) < limit:
            best.setdefault(homes[right if left == asked else left], at)
    kept = {
        compared.ids[side[at]] for at in best.values() for side in (compared.pairs.left, compared.pairs.right)
    }
    documents = {**standardized_values(ids=kept - {asked}), asked: standard.values}
    return [_similar(spec, rule, compared, documents, home, at) for home, at in best.items()]


def _similar(
    spec: EntitySpec, rule: Rule, compared: Compared, documents: dict[UUID, Document], home: UUID, at: int
) -> Similar:
    pair = found_pair(spec, rule, compared, documents, at)
    return Similar(home, pair.probability, pair.weight, Band(pair.band).name, pair.evidence)
