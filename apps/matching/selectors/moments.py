"""The state of the data in one word: equal words, equal data."""

from apps.core.bulk import raw_cursor

_MOMENT = "SELECT sum(weight), max(xact) FROM matching_datamoment WHERE entity = %s"


def data_moment(*, entity_name: str) -> str:
    """Return a word that changes whenever memberships, values, decisions or golden records of an entity do.

    Triggers count what changes, so that no table of records is read. A number alone would not do: transactions end
    in another order than they begin.
    """
    with raw_cursor() as cursor:
        cursor.execute(_MOMENT, (entity_name,))
        row = cursor.fetchone()
    return f"{row[0]}.{row[1]}" if row and row[1] is not None else "0"
