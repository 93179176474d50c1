"""Before a first delivery: a record the target holds of its own is given the hub's key, so that none is made twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.connectors.contracts import Connector, Outcome, Remote
from apps.connectors.mappings import ABSENT
from apps.distribution.drafts import Draft
from apps.distribution.models import Op
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec, Kind


def adopt_own(
    connector: Connector, obj: str, drafts: Sequence[Draft]
) -> tuple[dict[int, Remote], dict[int, Outcome]]:
    """Return the records found over there, and the failures of those that could not be given the key, by lane.

    Looked for are the members that the hub knows of this system, by the system's own id. One that carries the key of
    another golden record, or agrees in nothing with what that system told of it, is left alone. ReadFailed when the
    target does not tell.
    """
    asking = [draft for draft in drafts if draft.op is Op.UPSERT and draft.facts.members and draft.mapping]
    if not asking:
        return {}, {}
    keys = [member["key"] for draft in asking for member in draft.facts.members]
    paths = asking[0].mapping.remote_paths if asking[0].mapping else ()
    there = {one.native_id: one for one in connector.fetch_native(obj, keys, paths)}
    adopted: dict[int, Remote] = {}
    failed: dict[int, Outcome] = {}
    for draft in asking:
        own = _own(draft, there)
        if own is None:
            continue
        ext_id, lane = draft.ready.ext_id, draft.facts.lane_id
        outcome = connector.claim(obj, own.native_id, ext_id)
        if outcome.ok:
            # What it was a moment ago is no condition: giving it the key has changed its version.
            adopted[lane] = Remote(ext_id, own.native_id, None, own.values)
        else:
            failed[lane] = outcome
    return adopted, failed


def _own(draft: Draft, there: Mapping[str, Remote]) -> Remote | None:
    """Return the first of the members that is there without a key and is the one that was told of."""
    if any(one.ext_id == draft.ready.ext_id for one in there.values()):
        return None
    spec = entities.get(draft.facts.entity) if draft.facts.entity in entities else None
    for member in draft.facts.members:
        found = there.get(member["key"])
        if found is not None and not found.ext_id and _agree(draft, spec, member["values"], found.values):
            return found
    return None


def _agree(draft: Draft, spec: EntitySpec | None, told: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Tell whether a text or date is the same in both: an id alone may be another object's."""
    if draft.mapping is None or spec is None:
        return False
    told = {
        each.name: told[each.name]
        for each in spec.attributes
        if each.kind in (Kind.TEXT, Kind.DATE, Kind.TIMESTAMP) and _word(told.get(each.name))
    }
    now = draft.mapping.from_remote(held)
    if any(_word(value) == _word(now.get(name)) for name, value in told.items()):
        return True
    for field in draft.mapping.fields:
        written: dict[str, Any] = {}
        if field.pushes and field.hub is not None and field.write(told, written, {}) is None:
            as_sent = _word(field.remote.get(written))
            if as_sent and as_sent == _word(field.remote.get(held)):
                return True
    return False


def _word(value: object) -> str:
    plain = not isinstance(value, dict | list) and value is not ABSENT and value is not None
    return " ".join(str(value).casefold().split()) if plain else ""
