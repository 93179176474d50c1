"""How what a target holds differs from what it should hold, field by field; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.connectors.mappings import ABSENT, OutboundMapping
from apps.distribution.engine.comparing import holds
from apps.distribution.engine.masking import MASK


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the target; `attribute` is the hub's name of it, None where nothing is held."""

    field: str
    attribute: str
    expected: Any
    observed: Any


def differences(
    mapping: OutboundMapping,
    body: Mapping[str, Any],
    observed: Mapping[str, Any],
    *,
    switched_off: bool = False,
) -> list[Difference]:
    """Return the fields that the target does not hold as `body` says; it may hold more.

    A record that is switched off is compared in the fields that do so only.
    """
    if switched_off:
        return [
            Difference(name, "", expected, observed.get(name))
            for name, expected in body.items()
            if name in observed and not holds(expected, observed[name])
        ]
    places = [(one.remote, one.hub.steps[0].name if one.hub else "") for one in mapping.fields if one.pushes]
    places += [(part.remote, part.collection) for part in mapping.lists]
    found = []
    for path, attribute in places:
        expected, held = path.get(body), path.get(observed)
        if expected is not ABSENT and not holds(expected, None if held is ABSENT else held):
            found.append(Difference(path.text, attribute, expected, None if held is ABSENT else held))
    return found


def stands_at(
    mapping: OutboundMapping, earlier: Iterable[Mapping[str, Any]], found: Iterable[Difference]
) -> bool:
    """Tell whether the fields that differ are as one earlier payload wrote them; masked values prove nothing."""
    paths = {one.remote.text: one.remote for one in mapping.fields}
    paths |= {part.remote.text: part.remote for part in mapping.lists}
    wanted = [(paths.get(each.field), each.observed) for each in found]
    return any(
        all(path is not None and _wrote(path.get(payload), observed) for path, observed in wanted)
        for payload in earlier
    )


def _wrote(written: Any, observed: Any) -> bool:
    return written is not ABSENT and MASK not in str(written) and holds(written, observed)
