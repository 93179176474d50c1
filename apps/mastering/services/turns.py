"""Take turns: one transaction at a time decides about golden records, whoever runs it."""

from apps.core.bulk import raw_cursor


def take_turn() -> None:
    """Wait until no other transaction plans golden records, and keep them waiting until this one ends.

    Take it before any golden row is read or locked. Without it a reference could be resolved in one transaction and
    its target appear in another, neither seeing the other; or a record join one that is being merged away.
    """
    with raw_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('golden'), 0)")
