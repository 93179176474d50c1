"""What each kind of blocking key is good for: keys, pairs, and what no other kind finds."""

from typing import Any

import numpy as np
from psycopg import Cursor

from apps.golden.spec import EntitySpec
from apps.matching.landscape import Landscape, living_together, members_of_entity, unique_keys
from apps.matching.rule import Rule


def blocking_statistics(
    cursor: Cursor[Any], spec: EntitySpec, rule: Rule, landscape: Landscape
) -> list[dict[str, Any]]:
    """Return per pass: `keys`, share of them `over_cap`, `records` that have one, `pairs` it makes, pairs `only` it
    makes, `matches` among its pairs (records that are one now) and `only_matches` that no other pass finds.
    """
    if landscape.prepared is None:
        raise ValueError("what was unpacked has no records to cut keys from")
    keys = unique_keys(landscape.prepared, rule)
    homes = {member.id: member.home for member in members_of_entity(cursor, spec.name)}
    pairs = landscape.pairs
    same = living_together(landscape.ids, pairs, homes)
    likely = landscape.weights(rule)[1] >= rule.config.match_threshold
    found = []
    for number, parts in enumerate(rule.config.passes):
        bit = np.uint64(1) << np.uint64(number)
        mine, alone = (pairs.passes & bit) != 0, pairs.passes == bit
        chosen = keys.pass_no == number
        _, sizes = np.unique(keys.key[chosen], return_counts=True)
        found.append(
            {
                "name": " + ".join(parts),
                "keys": len(sizes),
                "records": len(np.unique(keys.row[chosen])),
                "over_cap": int((sizes > rule.config.frequency_cap).sum()),
                "pairs": int(mine.sum()),
                "only": int(alone.sum()),
                "matches": int((mine & same).sum()),
                "only_matches": int((alone & same).sum()),
                "only_likely": int((alone & likely).sum()),
            }
        )
    return found
