"""The state of the data in one word: equal words, equal data."""

from apps.core.bulk import raw_cursor

_MOMENT = """
    SELECT md5(concat_ws('|',
        (SELECT concat_ws(':', count(*), max(assigned_at), max(source_record_id::text || record_id::text))
         FROM sources_crosswalk WHERE entity = %(entity)s),
        (SELECT max(standardized_at) FROM quality_standardrecord WHERE entity = %(entity)s),
        (SELECT concat_ws(':', count(*), max(decided_at), max(withdrawn_at)) FROM matching_pairdecision
         WHERE entity = %(entity)s),
        (SELECT concat_ws(':', count(*), sum(version), max(updated_at)) FROM golden_goldenrecord
         WHERE entity = %(entity)s)))
"""


def data_moment(*, entity_name: str) -> str:
    """Return a word that changes whenever memberships, values, decisions or golden records of an entity do."""
    with raw_cursor() as cursor:
        cursor.execute(_MOMENT, {"entity": entity_name})
        row = cursor.fetchone()
    return str(row[0]) if row else ""
