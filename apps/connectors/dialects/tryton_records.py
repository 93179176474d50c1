"""Records of Tryton's models as the hub sees them: where its id stands, references by key, parts as lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.connectors.contracts import Failure, FailureClass, Json, ReadFailed, Remote
from apps.connectors.dialects.tryton_rpc import Rpc
from apps.connectors.dialects.tryton_values import decoded, encoded

MARK = "MDM:"
#: Where a model keeps the hub's id: a field of its own, or the identifiers of its party.
PLACES = {
    "party.party": "identifiers.code",
    "company.employee": "party.identifiers.code",
    "party.address": "party.identifiers.code",
    "sale.opportunity": "reference",
    "project.work": "comment",
    "account.invoice": "reference",
}
#: What makes an item of a list the same as one that is there; without an entry it is its place.
MATCHES = {"contact_mechanisms": "type", "identifiers": "type"}
_PLAIN = ("char", "text", "selection", "numeric", "float", "integer", "boolean", "date")

Fields = dict[str, dict[str, Any]]


class MissingParent(Exception):
    """A payload names a record that is not there (yet)."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True)
class Records:
    rpc: Rpc
    places: Mapping[str, str]
    defaults: Mapping[str, Json]
    _fields: dict[str, Fields] = field(default_factory=dict)

    def fields(self, model: str) -> Fields:
        """Return the definitions of a model's fields, read once."""
        if model not in self._fields:
            self._fields[model] = self.rpc.call(model, "fields_get", [])
        return self._fields[model]

    def search(
        self,
        model: str,
        domain: list[Any],
        names: Sequence[str],
        *,
        limit: int | None = None,
        order: Any = None,
    ) -> list[Json]:
        found: list[Json] = self.rpc.call(model, "search_read", domain, 0, limit, order, list(names))
        return found

    def with_key(self, model: str, ext_ids: Iterable[str]) -> list[Any]:
        """Return the domain of the records that carry these ids of the hub."""
        return [[self.places[model], "in", [MARK + key for key in ext_ids]]]

    def any_key(self, model: str) -> list[Any]:
        return [[self.places[model], "like", f"{MARK}%"]]

    def columns(self, model: str, names: Sequence[str]) -> list[str]:
        """Return what search_read must be asked for so that these mapping paths can be read."""
        known = self.fields(model)
        chosen = ["id", "create_date", "write_date", "_timestamp"]
        place = self.places[model]
        if "." not in place:
            chosen.append(place)
        for name in names:
            head, _, tail = name.partition(".")
            head = head.partition("[")[0]
            if head in known:
                plain = known[head]["type"] == "many2one" and tail and tail != "mdm_id"
                chosen.append(name if plain else head)
        return list(dict.fromkeys(chosen))

    def remotes(self, model: str, rows: Sequence[Json], names: Sequence[str]) -> list[Remote]:
        """Return rows of `search_read` with references and parts spelled out as the paths name them."""
        known = self.fields(model)
        keys = self.keys(model, rows)
        values = {row["id"]: _plain(row, known) for row in rows}
        heads = dict.fromkeys(name.partition(".")[0].partition("[")[0] for name in names)
        for name in heads:
            if name in known and known[name]["type"] == "one2many":
                self._add_parts(name, known[name], values)
            elif f"{name}.mdm_id" in names and name in known:
                self._add_keys(name, known[name]["relation"], rows, values)
        return [
            Remote(keys.get(row["id"]), str(row["id"]), row.get("_timestamp"), values[row["id"]])
            for row in rows
        ]

    def keys(self, model: str, rows: Sequence[Json]) -> dict[int, str]:
        """Return the hub's ids of rows, by their own ids."""
        place = self.places[model]
        if "." not in place:
            found = {row["id"]: str(row.get(place) or "") for row in rows}
            return {number: key.removeprefix(MARK) for number, key in found.items() if key.startswith(MARK)}
        owners = {row["id"]: row["id"] for row in rows}
        if place.startswith("party."):
            read = self.rpc.call(model, "read", sorted(owners), ["party"]) if owners else []
            owners = {row["id"]: row["party"] for row in read}
        domain = [["party", "in", sorted(set(owners.values()))], ["code", "like", f"{MARK}%"]]
        codes = self.search("party.identifier", domain, ["party", "code"]) if owners else []
        by_party = {row["party"]: str(row["code"]).removeprefix(MARK) for row in codes}
        return {number: by_party[party] for number, party in owners.items() if party in by_party}

    def body(self, model: str, payload: Json, there: Mapping[str, Any] | None) -> Json:
        """Return a payload as create and write take it; `there` is the record that is changed.

        MissingParent when a reference finds nothing.
        """
        known = self.fields(model)
        given: Json = {}
        for name, value in payload.items():
            kind = known.get(name, {"type": "char"})
            if kind["type"] == "many2one" and isinstance(value, dict):
                given[name] = self._found(kind["relation"], value)
            elif kind["type"] == "one2many":
                present = (there or {}).get(name) or []
                given[name] = self._commands(name, kind["relation"], value or [], present)
            else:
                given[name] = encoded(kind["type"], value)
        return given

    def keyed(self, model: str, ext_id: str, body: Json) -> Json:
        """Return the body of a new record with the hub's id at its place."""
        place = self.places[model]
        if "." not in place:
            return {**body, place: MARK + ext_id}
        if place.startswith("party."):
            return body  # the party it belongs to carries the id already
        own = {"code": MARK + ext_id, "type": None}
        return {**body, "identifiers": [*body.get("identifiers", []), ["create", [own]]]}

    def claim(self, model: str, number: int, ext_id: str) -> None:
        """Put the hub's id at its place on a record that is there; on its party where it stands there."""
        if self.places[model].startswith("party."):
            [row] = self.rpc.call(model, "read", [number], ["party"])
            model, number = "party.party", row["party"]
        self.rpc.call(model, "write", [number], self.keyed(model, ext_id, {}))

    def _found(self, model: str, by: Mapping[str, Any]) -> int:
        """Return the id of the record that one value names: `mdm_id` is the hub's id, else any field.

        What hangs on a party, such as its addresses, is known by the party: the first one counts.
        """
        ((name, value),) = by.items()
        domain = self.with_key(model, [str(value)]) if name == "mdm_id" else [[name, "=", value]]
        rows = self.search(model, domain, ["id"], limit=2, order=[["id", "ASC"]])
        first_counts = name == "mdm_id" and self.places[model].startswith("party.")
        if len(rows) == 1 or (rows and first_counts):
            return int(rows[0]["id"])
        if rows:
            text = f"several {model} have the {name} {value}"
            raise MissingParent(Failure(FailureClass.CONFLICT_REVIEW, "SEVERAL", text, field=name))
        cls = FailureClass.MISSING_DEPENDENCY if name == "mdm_id" else FailureClass.PERMANENT
        raise MissingParent(Failure(cls, "NO_RECORD", f"no {model} has the {name} {value}", field=name))

    def _commands(self, name: str, model: str, items: Sequence[Json], present: Sequence[Json]) -> list[Any]:
        """Return what makes the list hold these items; what else stands there stays."""
        commands: list[Any] = []
        fresh = []
        match = MATCHES.get(name)
        for place, item in enumerate(items):
            body = self.body(model, item, None)
            same = (
                next((one for one in present if one.get(match) == item.get(match)), None)
                if match
                else (present[place] if place < len(present) else None)
            )
            if same is None:
                fresh.append({**self.defaults.get(model, {}), **body})
            elif any(same.get(key) != value for key, value in item.items()):
                commands.append(["write", [same["id"]], body])
        return [*commands, ["create", fresh]] if fresh else commands

    def _add_parts(self, name: str, definition: Mapping[str, Any], values: dict[int, Json]) -> None:
        model, inverse = definition["relation"], definition["relation_field"]
        known = self.fields(model)
        chosen = [one for one, spec in known.items() if spec["type"] in _PLAIN and not spec.get("readonly")]
        chosen += [f"{one}.code" for one in ("country", "currency") if one in known]
        domain = [[inverse, "in", sorted(values)]]
        rows = self.search(model, domain, ["id", inverse, *chosen], order=[["id", "ASC"]]) if values else []
        for one in values.values():
            one[name] = []
        for row in rows:
            values[row[inverse]][name].append(_plain(row, known))

    def _add_keys(self, name: str, model: str, rows: Sequence[Json], values: dict[int, Json]) -> None:
        numbers = sorted({row[name] for row in rows if row.get(name)})
        if numbers and model not in self.places:
            text = f"{model} has no place for the hub's id; name one in the option `places`."
            raise ReadFailed(Failure(FailureClass.PERMANENT, "NO_PLACE", text))
        own = [] if "." in self.places.get(model, ".") else [self.places[model]]
        parents = self.search(model, [["id", "in", numbers]], ["id", *own]) if numbers else []
        keys = self.keys(model, parents) if parents else {}
        for row in rows:
            key = keys.get(row.get(name) or 0)
            values[row["id"]][name] = {"mdm_id": key} if key else None


def _plain(row: Json, known: Fields) -> Json:
    """Return a row without its bookkeeping; `currency.` becomes the object under `currency`."""
    values: Json = {}
    for name, value in row.items():
        if name.endswith(".") and value:
            values[name.removesuffix(".")] = {k: decoded(v) for k, v in value.items() if k != "id"}
        elif name == "id" or (name in known and f"{name}." not in row):
            # On SQLite the server gives 1 and 0 for booleans.
            boolean = name in known and known[name]["type"] == "boolean" and value is not None
            values[name] = bool(value) if boolean else decoded(value)
    return values
