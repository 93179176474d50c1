"""Find records that resemble what is asked: by title for people, by evidence for "does this one exist?"."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.api.masking import personal_columns
from apps.api.v1.record_sql import select_listed
from apps.core.bulk import raw_cursor
from apps.core.errors import Denied
from apps.golden.spec import EntitySpec
from apps.matching.contracts import Similar
from apps.matching.selectors import without_personal
from apps.matching.services import find_similar

_BY_TITLE = """
    SELECT g.id, max(f.score) FROM (
        SELECT id, greatest(similarity(title, %(q)s), word_similarity(%(q)s, title)) AS score
        FROM golden_goldenrecord WHERE entity = %(entity)s AND (title %% %(q)s OR %(q)s <%% title)
        UNION ALL SELECT id, 1 FROM golden_goldenrecord WHERE entity = %(entity)s AND code = upper(%(q)s)
        UNION ALL SELECT c.record_id, 1 FROM sources_sourcesystem s JOIN sources_crosswalk c
            ON c.system_id = s.code AND c.entity = %(entity)s AND c.key = %(q)s
    ) f JOIN golden_goldenrecord g ON g.id = f.id AND g.status = 'live'
    GROUP BY g.id ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""


def search_titles(spec: EntitySpec, q: str, limit: int) -> list[tuple[UUID, float]]:
    """Return live records whose title resembles `q`, or whose code or source key it is, the closest first."""
    with raw_cursor() as cursor:
        cursor.execute(_BY_TITLE, {"q": q.strip(), "entity": spec.name, "limit": limit})
        return [(record_id, round(float(score), 4)) for record_id, score in cursor]


def json_of(spec: EntitySpec, ids: Sequence[UUID], *, masked: bool) -> dict[UUID, str]:
    """Return the JSON texts of these records."""
    if not ids:
        return {}
    with raw_cursor() as cursor:
        cursor.execute(select_listed(spec, masked=masked), (list(ids),))
        return dict(cursor.fetchall())


def similar_records(
    spec: EntitySpec, values: Mapping[str, Any], *, limit: int, thorough: bool, masked: bool
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return who resembles these values, the likeliest first, and the paths that were not looked at.

    Whoever may not see personal values must not learn them by asking how like they are: without the right to see
    them they are left out of the question. Raises Denied when nothing is left of it.
    """
    ignored: tuple[str, ...] = ()
    if masked:
        values, ignored = without_personal(spec, dict(values))
        if not any(value not in (None, "", []) for value in values.values()):
            raise Denied("Only personal values are asked about: that needs the capability 'unmask'.")
    found = find_similar(spec=spec, values=values, limit=limit, thorough=thorough)
    return [
        {
            "record_id": each.record_id,
            "probability": round(each.probability, 6),
            "weight": round(each.weight, 3),
            "band": each.band,
            "evidence": _evidence(spec, each) if masked else each.evidence,
        }
        for each in found
    ], ignored


def _evidence(spec: EntitySpec, similar: Similar) -> list[dict[str, Any]]:
    shown = frozenset(_open_features(spec))
    return [
        each if each.get("attribute") in shown else {**each, "left": None, "right": None}
        for each in similar.evidence
    ]


def _open_features(spec: EntitySpec) -> Iterable[str]:
    """Yield the match features that are not personal; an attribute composed of several has another name."""
    columns = personal_columns(spec)
    for feature in spec.match.features:
        name, _, column = feature.path.partition(".")
        personal = columns.get(name, frozenset())
        if personal is not None and column not in personal:
            yield feature.name
