"""Search before create: does such a record exist? Reads only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.core.ids import uuid7
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.contracts import Similar
from apps.matching.engine import Band
from apps.matching.scoring import compare, found_pair, keys_of
from apps.matching.selectors import active_rule
from apps.quality.selectors import standardized_values
from apps.quality.services import standardize_records

INTERACTIVE_CAP = 60
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
    keys = keys_of(spec, rule, [asked], [standard.values])
    with raw_cursor() as cursor:
        found = storage.holders_of_keys(
            cursor, spec.name, keys[asked], cap=THOROUGH_CAP if thorough else INTERACTIVE_CAP
        )
        homes = storage.homes_of(cursor, found)
    documents = standardized_values(ids=list(homes))
    if not documents:
        return []
    documents[asked] = standard.values
    compared = compare(spec, rule, documents, [(asked, other) for other in homes if other in documents])
    best: dict[UUID, Similar] = {}
    for at in compared.scores.probability.argsort()[::-1].tolist():
        left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
        home = homes[right if left == asked else left]
        if home not in best and compared.scores.weight[at] > FAINT:
            pair = found_pair(spec, rule, compared, documents, at)
            best[home] = Similar(home, pair.probability, pair.weight, Band(pair.band).name, pair.evidence)
        if len(best) >= limit:
            break
    return list(best.values())
