"""Find what an explanation is asked about, and read all it needs in a constant number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.core.errors import Invalid, NotFound
from apps.golden.spec import Document, EntitySpec
from apps.matching import storage
from apps.matching.features import cell_of, with_golden_references
from apps.matching.selectors.told import DecisionTold, RecordTold, SideTold, StoredPair
from apps.matching.storage import Pair
from apps.quality.selectors import standardized_values

_BY_ID = "SELECT id, entity FROM sources_sourcerecord WHERE id = %s AND entity = %s"
_BY_KEY = "SELECT id FROM sources_sourcerecord WHERE system_id = %s AND entity = %s AND key = %s"
_GOLDEN = """
    WITH RECURSIVE chain AS (
        SELECT id, merged_into_id FROM golden_goldenrecord
        WHERE entity = %(entity)s AND (id = %(id)s OR code = upper(%(code)s))
        UNION ALL SELECT g.id, g.merged_into_id FROM golden_goldenrecord g JOIN chain c ON g.id = c.merged_into_id)
    SELECT id FROM chain WHERE merged_into_id IS NULL
"""
_MEMBERS = """
    SELECT s.id, s.system_id, s.key, c.record_id, coalesce(g.code, ''), coalesce(g.title, '')
    FROM sources_sourcerecord s LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id
    LEFT JOIN golden_goldenrecord g ON g.id = c.record_id
"""


class NothingToExplain(NotFound):
    code = "nothing_to_explain"
    title = "There is no such record to explain"


@dataclass(frozen=True)
class Told:
    """Source records as they are compared (`documents`) and as their systems told them (`raw`)."""

    records: Mapping[UUID, RecordTold]
    documents: Mapping[UUID, Document]
    raw: Mapping[UUID, Document]


def side_of(spec: EntitySpec, reference: str) -> SideTold:
    """Return what a reference names: a golden id (redirects followed), a golden code, "system:key" or a source id.

    Raises NothingToExplain, and Invalid for an empty reference.
    """
    text = reference.strip()
    if not text:
        raise Invalid("Name a record: a golden id or code, or system:key.")
    wanted = _uuid(text)
    with raw_cursor() as cursor:
        cursor.execute(_GOLDEN, {"entity": spec.name, "id": wanted, "code": text})
        if found := cursor.fetchone():
            cursor.execute(f"{_MEMBERS} WHERE c.record_id = %s ORDER BY s.system_id, s.key", found)
            members = tuple(RecordTold(*row) for row in cursor)
            if not members:
                raise NothingToExplain(f"{reference} has no source records any more.")
            return SideTold(found[0], members[0].home_code, members[0].home_title, members)
        system, _, key = text.partition(":")
        if wanted:
            cursor.execute(_BY_ID, (wanted, spec.name))
        else:
            cursor.execute(_BY_KEY, (system.strip(), spec.name, key.strip()))
        row = cursor.fetchone()
        if row is None:
            raise NothingToExplain(
                f"No {spec.label} is called {reference!r}; give a golden id or code, or system:key."
            )
        cursor.execute(f"{_MEMBERS} WHERE s.id = %s", (row[0],))
        [record] = [RecordTold(*each) for each in cursor]
    return SideTold(None, record.home_code, record.home_title, (record,))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def records_told(ids: Iterable[UUID]) -> dict[UUID, RecordTold]:
    """Return source records with their golden records."""
    with raw_cursor() as cursor:
        cursor.execute(f"{_MEMBERS} WHERE s.id = ANY(%s)", (list(ids),))
        return {row[0]: RecordTold(*row) for row in cursor}


def told(spec: EntitySpec, records: Iterable[RecordTold]) -> Told:
    """Return the values of these records, in two or three statements."""
    known = {record.id: record for record in records}
    with raw_cursor() as cursor:
        cursor.execute("SELECT id, values FROM sources_sourcerecord WHERE id = ANY(%s)", (list(known),))
        raw: dict[UUID, Document] = dict(cursor.fetchall())
    documents = standardized_values(ids=known)
    documents = {record: documents.get(record, {}) for record in known}
    if spec.match.strategy != "fuzzy":
        documents = with_golden_references(spec, documents)
    return Told(known, documents, raw)


def cells(document: Document, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the values at these paths, each once."""
    found: list[str] = []
    for path in paths:
        cell = cell_of(document, path)
        found += cell if isinstance(cell, list) else [cell] if cell else []
    return tuple(dict.fromkeys(found))


def stored_pairs(ids: Sequence[UUID]) -> dict[Pair, StoredPair]:
    """Return the candidate pairs among these source records."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT left_id, right_id, id, status, rule_version, weight, probability, found_at, decided_by,"
            " decided_at, reason FROM matching_candidatepair WHERE left_id = ANY(%s) AND right_id = ANY(%s)",
            (list(ids), list(ids)),
        )
        return {(left, right): StoredPair(*row) for left, right, *row in cursor}


def decisions_between(ids: Sequence[UUID], direct: Pair | None = None) -> list[DecisionTold]:
    """Return people's standing decisions among these source records, those on the pair `direct` first."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT d.id, d.verdict, d.left_id, d.right_id, l.system_id || ':' || l.key, r.system_id || ':' || r.key,
                d.decided_by, d.decided_at, d.reason, d.pattern_id
            FROM matching_pairdecision d JOIN sources_sourcerecord l ON l.id = d.left_id
            JOIN sources_sourcerecord r ON r.id = d.right_id
            WHERE d.withdrawn_at IS NULL AND d.left_id = ANY(%s) AND d.right_id = ANY(%s)
            ORDER BY d.decided_at DESC, d.id
            """,
            (list(ids), list(ids)),
        )
        found = [
            DecisionTold(pk, verdict, left, right, by, at, reason, (one, other) == direct, pattern)
            for pk, verdict, one, other, left, right, by, at, reason, pattern in cursor
        ]
    return sorted(found, key=lambda each: not each.direct)


def key_holders(keys: Sequence[int], *, most: int) -> dict[int, int]:
    """Return how many stored records hold each key, counting no further than `most`."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT k.key, b.holders FROM unnest(%s::bigint[]) AS k(key) CROSS JOIN LATERAL (
                SELECT count(*) AS holders FROM (
                    SELECT 1 FROM matching_blockingkey WHERE key = k.key LIMIT %s) held) b
            """,
            (list(keys), most),
        )
        return dict(cursor.fetchall())


def ordered_ids(one: RecordTold, other: RecordTold) -> Pair:
    return storage.ordered(one.id, other.id)
