"""The SQL of holds that sleep: what a version held together goes on when that version is active again."""

from typing import Any

from psycopg import Cursor

from apps.matching.keyring import Pair


def keep_holds(cursor: Cursor[Any], entity: str) -> None:
    """Remember which pairs are held and by which version, before another version decides without them."""
    cursor.execute(
        "INSERT INTO matching_heldpair (left_id, right_id, rule_version, entity)"
        " SELECT left_id, right_id, rule_version, entity FROM matching_comparedpair WHERE entity = %s AND held"
        " ON CONFLICT DO NOTHING",
        (entity,),
    )


def note_held_pairs(cursor: Cursor[Any], entity: str, *, version: int) -> None:
    """Have pairs that are held, or that this version held once, scored too, whether or not they share a key still."""
    cursor.execute(
        "INSERT INTO matching_runpair (left_id, right_id, entity)"
        " SELECT left_id, right_id, entity FROM matching_comparedpair WHERE entity = %(entity)s AND held"
        " UNION SELECT left_id, right_id, entity FROM matching_heldpair"
        " WHERE entity = %(entity)s AND rule_version = %(version)s ON CONFLICT DO NOTHING",
        {"entity": entity, "version": version},
    )


def wake_holds(cursor: Cursor[Any], entity: str, *, version: int) -> None:
    """Hold again what this version held when it was active before; what it finds unlike by now is let go."""
    cursor.execute(
        """
        WITH woken AS (
            DELETE FROM matching_heldpair WHERE entity = %(entity)s AND rule_version = %(version)s
            RETURNING left_id, right_id)
        UPDATE matching_comparedpair e SET held = true FROM woken w
        WHERE e.left_id = w.left_id AND e.right_id = w.right_id AND e.rule_version = %(version)s
        """,
        {"entity": entity, "version": version},
    )


def held_pairs(cursor: Cursor[Any], entity: str, *, version: int) -> dict[Pair, bool]:
    """Return the pairs a re-match with this version scores though they share no key: whether it holds them."""
    cursor.execute(
        """
        SELECT left_id, right_id, bool_or(rule_version = %(version)s) FROM (
            SELECT left_id, right_id, rule_version FROM matching_comparedpair
            WHERE entity = %(entity)s AND held
            UNION ALL
            SELECT left_id, right_id, rule_version FROM matching_heldpair
            WHERE entity = %(entity)s AND rule_version = %(version)s) AS each
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        {"entity": entity, "version": version},
    )
    return {(left, right): holds for left, right, holds in cursor}
