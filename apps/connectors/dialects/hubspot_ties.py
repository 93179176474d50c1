"""HubSpot's associations: parents found by the hub's id, records tied to them, the way back for reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from apps.connectors.caller import Ask, Caller
from apps.connectors.contracts import CallContext, Failure, Json, Outcome, Remote, Write

Key = tuple[str, str]
"""Object and the hub's id of a parent."""


class Reader(Protocol):
    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        """Return records by the hub's ids."""

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        """Return records by their own ids."""


@dataclass(frozen=True, slots=True)
class Ties:
    caller: Caller
    key: str
    reader: Reader

    def parents(self, items: Iterable[Write]) -> dict[Key, str]:
        """Return the native ids of the parents that payloads name."""
        wanted: dict[str, dict[str, None]] = {}
        for item in items:
            for obj, key in parent_keys(item):
                wanted.setdefault(obj, {})[key] = None
        return {
            (obj, found.ext_id): found.native_id
            for obj, keys in wanted.items()
            for found in self.reader.fetch(obj, list(keys))
            if found.ext_id
        }

    def associate(
        self, obj: str, items: Iterable[Write], parents: dict[Key, str], outcomes: dict[str, Outcome]
    ) -> None:
        """Tie written records to their parents; a tie that fails makes the outcome of its record a failure."""
        ties: dict[str, list[tuple[str, Json]]] = {}
        for item in items:
            native = outcomes[item.ext_id].native_id
            if outcomes[item.ext_id].ok and native:
                for key in parent_keys(item):
                    tie = {"from": {"id": native}, "to": {"id": parents[key]}}
                    ties.setdefault(key[0], []).append((item.ext_id, tie))
        for other, pairs in ties.items():
            path = f"crm/v4/associations/{quote(obj)}/{quote(other)}/batch/associate/default"
            ask = Ask("POST", path, json={"inputs": [tie for _, tie in pairs]})
            answer = self.caller.write(ask, CallContext(obj=obj))
            if isinstance(answer, Failure):
                outcomes.update({key: Outcome.failed(answer) for key, _ in pairs})

    def add_parents(self, obj: str, found: Sequence[Remote], fields: Sequence[str]) -> None:
        """Add the hub's ids of associated records for fields like `companies.mdm_id`."""
        for other in dict.fromkeys(field.partition(".")[0] for field in fields if "." in field):
            if not found:
                return
            path = f"crm/v4/associations/{quote(obj)}/{quote(other)}/batch/read"
            ask = Ask("POST", path, json={"inputs": [{"id": one.native_id} for one in found]})
            rows = (self.caller.read(ask).json() or {}).get("results", [])
            tied = {str(row["from"]["id"]): str(row["to"][0]["toObjectId"]) for row in rows if row.get("to")}
            others = self.reader.fetch_native(other, sorted(set(tied.values()))) if tied else []
            keys = {one.native_id: one.ext_id for one in others}
            for one in found:
                key = keys.get(tied.get(one.native_id, ""))
                one.values[other] = {self.key: key} if key else None


def parent_keys(item: Write) -> list[Key]:
    return [
        (obj, str(key)) for obj, by in item.payload.items() if isinstance(by, dict) for key in by.values()
    ]


def texts(payload: Json) -> dict[str, str]:
    """Return the properties as HubSpot takes them: everything text, nothing as an empty one."""
    return {name: _text(value) for name, value in payload.items() if not isinstance(value, dict)}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
