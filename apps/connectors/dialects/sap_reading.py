"""Reads from S/4HANA: by the hub's id, by number, page by page, and what changed since a moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from apps.connectors.caller import Ask, Caller
from apps.connectors.contracts import Change, Cursor, Json, Page, Remote, Write
from apps.connectors.dialects.sap_objects import (
    IDENTIFICATIONS,
    KINDS,
    REFERENCES,
    Kind,
    Moment,
    long_key,
    short_key,
)
from apps.connectors.dialects.sap_values import clock, clock_literal, incoming, text_literal
from apps.connectors.feeds import Feed, Place

_MANY = 25  # keys in one filter: addresses have an end
_ETAGS = "__etag"


@dataclass(frozen=True, slots=True)
class Reading:
    caller: Caller
    client: Mapping[str, str]
    identification_type: str

    def by_ext(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        """Return the records with these ids of the hub, in that order."""
        kind = KINDS[obj]
        if kind.ext:
            rows = self._chunks(obj, kind.ext, [short_key(key) for key in ext_ids], fields)
            found = self._remotes(obj, rows, {}, fields)
        else:
            numbers = self._numbers(ext_ids)
            rows = self._chunks(obj, kind.key, list(numbers.values()), fields)
            found = self._remotes(obj, rows, {number: key for key, number in numbers.items()}, fields)
        order = {key: place for place, key in enumerate(ext_ids)}
        return sorted(found, key=lambda one: order.get(one.ext_id or "", len(order)))

    def by_key(self, obj: str, native_ids: Sequence[str], fields: Sequence[str]) -> list[Remote]:
        """Return the records with these numbers."""
        rows = self._chunks(obj, KINDS[obj].key, native_ids, fields)
        return self._remotes(obj, rows, self._ext_ids(obj, [row[KINDS[obj].key] for row in rows]), fields)

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None, limit: int) -> Page:
        """Walk in the order of the hub's ids."""
        kind = KINDS[obj]
        if kind.ext:
            rest = f" and {kind.ext} gt {text_literal(after.value)}" if after else ""
            query = {"$filter": f"{kind.ext} ne ''{rest}", "$orderby": kind.ext, "$top": str(limit)}
            rows = self._rows(kind.service, obj, {**query, **_columns(obj, fields)})
            last = rows[-1][kind.ext] if rows else None
            found = self._remotes(obj, rows, {}, fields)
        else:
            rest = f" and BPIdentificationNumber gt {text_literal(after.value)}" if after else ""
            query = {
                "$filter": f"BPIdentificationType eq {text_literal(self.identification_type)}{rest}",
                "$orderby": "BPIdentificationNumber",
                "$top": str(limit),
            }
            rows = self._rows(kind.service, IDENTIFICATIONS, query)
            last = rows[-1]["BPIdentificationNumber"] if rows else None
            found = self.by_ext(obj, [row["BPIdentificationNumber"] for row in rows], fields)
        changes = tuple(Change(one.native_id, one.version, one.values, one.ext_id) for one in found)
        return Page(changes, Cursor(last) if last else after, more=len(rows) == limit)

    def feed(self, obj: str, moment: Moment, fields: Sequence[str], overlap: float) -> Feed:
        """Return the feed of one moment property; places are [moment, key]."""
        kind = KINDS[obj]

        def read(place: Place | None, limit: int) -> list[tuple[Place, Change]]:
            chosen = _since(kind, moment, place, overlap)
            order = ",".join(name for name in (moment.date, moment.time, kind.key) if name)
            query = {"$filter": chosen, "$orderby": order, "$top": str(limit)}
            asked = (*fields, moment.date, *((moment.time,) if moment.time else ()))
            rows = self._rows(kind.service, obj, {**query, **_columns(obj, asked)})
            keys = self._ext_ids(obj, [row[kind.key] for row in rows])
            return [
                (
                    [_moment_of(row, moment), str(row[kind.key])],
                    Change(one.native_id, one.version, one.values, one.ext_id),
                )
                for row, one in zip(rows, self._remotes(obj, rows, keys, fields), strict=True)
            ]

        return read

    def parents(self, items: Iterable[Write]) -> dict[tuple[str, str], str]:
        """Return the numbers of the records that payloads name by the hub's id: (object, id) to number."""
        wanted: dict[str, dict[str, None]] = {}
        for item in items:
            for name, value in item.payload.items():
                if name in REFERENCES and isinstance(value, dict):
                    wanted.setdefault(REFERENCES[name], {})[str(value["mdm_id"])] = None
        return {
            (obj, one.ext_id): one.native_id
            for obj, keys in wanted.items()
            for one in self.by_ext(obj, list(keys), ())
            if one.ext_id
        }

    def resolved(self, payload: Json, parents: Mapping[tuple[str, str], str]) -> tuple[Json, str]:
        """Return the payload with numbers for references, and the name of a reference that is not there yet."""
        body, missing = dict(payload), ""
        for name, value in payload.items():
            if name in REFERENCES and isinstance(value, dict):
                number = parents.get((REFERENCES[name], str(value["mdm_id"])))
                body[name], missing = number, missing if number else name
        return body, missing

    def keyed(self, kind: Kind, ext_id: str, body: Json) -> Json:
        """Return the body of a new record with the hub's id at its place."""
        if kind.ext:
            return {**body, kind.ext: short_key(ext_id)}
        own = {"BPIdentificationType": self.identification_type, "BPIdentificationNumber": ext_id}
        return {**body, "to_BuPaIdentification": [*(body.get("to_BuPaIdentification") or ()), own]}

    def address(self, kind: Kind, obj: str, number: str) -> str:
        return f"{obj}(guid'{number}')" if kind.guid_key else f"{obj}('{quote(number, safe='')}')"

    def _numbers(self, ext_ids: Sequence[str]) -> dict[str, str]:
        """Return the partner numbers of the hub's ids."""
        found: dict[str, str] = {}
        for start in range(0, len(ext_ids), _MANY):
            chosen = " or ".join(
                f"BPIdentificationNumber eq {text_literal(key)}" for key in ext_ids[start : start + _MANY]
            )
            query = f"BPIdentificationType eq {text_literal(self.identification_type)} and ({chosen})"
            for row in self._rows("API_BUSINESS_PARTNER", IDENTIFICATIONS, {"$filter": query}):
                found[row["BPIdentificationNumber"]] = row["BusinessPartner"]
        return found

    def _ext_ids(self, obj: str, numbers: Sequence[str]) -> dict[str, str]:
        """Return the hub's ids of partner numbers; nothing for objects that carry it themselves."""
        found: dict[str, str] = {}
        if KINDS[obj].ext:
            return found
        for start in range(0, len(numbers), _MANY):
            chosen = " or ".join(
                f"BusinessPartner eq {text_literal(number)}" for number in numbers[start : start + _MANY]
            )
            query = f"BPIdentificationType eq {text_literal(self.identification_type)} and ({chosen})"
            for row in self._rows("API_BUSINESS_PARTNER", IDENTIFICATIONS, {"$filter": query}):
                found[row["BusinessPartner"]] = row["BPIdentificationNumber"]
        return found

    def _chunks(self, obj: str, column: str, keys: Sequence[str], fields: Sequence[str]) -> list[Json]:
        kind = KINDS[obj]
        guid = kind.guid_key and column == kind.key
        rows: list[Json] = []
        for start in range(0, len(keys), _MANY):
            chosen = " or ".join(
                f"{column} eq {f'guid{text_literal(key)}' if guid else text_literal(key)}"
                for key in keys[start : start + _MANY]
            )
            rows.extend(self._rows(kind.service, obj, {"$filter": chosen, **_columns(obj, fields)}))
        return rows

    def _rows(self, service: str, entity_set: str, query: Mapping[str, str]) -> list[Json]:
        """Read all pages that the server makes of an answer."""
        params: Mapping[str, str] | None = {"$format": "json", **query, **self.client}
        path = f"{service}/{entity_set}"
        rows: list[Json] = []
        while True:
            body = self.caller.read(Ask("GET", path, {"Accept": "application/json"}, params)).json() or {}
            page = body.get("d") or {}
            for row in page.get("results", []):
                rows.append({**incoming(row), _ETAGS: (row.get("__metadata") or {}).get("etag")})
            if not page.get("__next"):
                return rows
            path, params = str(page["__next"]), None

    def _remotes(
        self, obj: str, rows: Sequence[Json], keys: Mapping[str, str], fields: Sequence[str]
    ) -> list[Remote]:
        kind = KINDS[obj]
        parents = self._parent_ids(rows, fields)
        found = []
        for row in rows:
            number, version = str(row[kind.key]), row[_ETAGS]
            values = {name: value for name, value in row.items() if name != _ETAGS}
            for name, ids in parents.items():
                key = ids.get(str(values.get(name) or ""))
                values[name] = {"mdm_id": key} if key else None
            ext_id = long_key(str(row.get(kind.ext) or "")) if kind.ext else keys.get(number)
            found.append(Remote(ext_id or None, number, version, values))
        return found

    def _parent_ids(self, rows: Sequence[Json], fields: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return for each field like `SoldToParty.mdm_id` the hub's ids by number."""
        found = {}
        for name in (field.removesuffix(".mdm_id") for field in fields if field.endswith(".mdm_id")):
            numbers = sorted({str(row[name]) for row in rows if row.get(name)})
            parents = self.by_key(REFERENCES[name], numbers, ()) if numbers else []
            found[name] = {one.native_id: one.ext_id for one in parents if one.ext_id}
        return found


def _columns(obj: str, fields: Sequence[str]) -> dict[str, str]:
    """Select what is asked for; parts come along through $expand."""
    kind = KINDS[obj]
    heads = dict.fromkeys(field.partition(".")[0].partition("[")[0] for field in fields)
    chosen = dict.fromkeys((kind.key, *((kind.ext,) if kind.ext else ()), *heads))
    parts = [name for name in heads if name.startswith("to_")]
    return {"$select": ",".join(chosen), **({"$expand": ",".join(parts)} if parts else {})}


def _moment_of(row: Json, moment: Moment) -> str:
    date = str(row[moment.date])
    return date if moment.stamp else f"{date[:10]}T{clock(row.get(moment.time))}"


def _since(kind: Kind, moment: Moment, place: Place | None, overlap: float) -> str:
    """Return the filter for rows after a place: later, or of the same moment with a higher key."""
    if place is None:
        return f"{moment.date} ne null"
    at, number = place
    key = f"guid{text_literal(number)}" if kind.guid_key else text_literal(number)
    if overlap:
        earlier = _parsed(at) - timedelta(seconds=overlap)
        return _from(moment, earlier.isoformat().replace("+00:00", "Z"))
    if moment.stamp:
        literal = f"datetimeoffset'{at}'"
        return f"{moment.date} gt {literal} or ({moment.date} eq {literal} and {kind.key} gt {key})"
    day, _, time = at.partition("T")
    date, hour = f"datetime'{day}T00:00:00'", clock_literal(time)
    return (
        f"{moment.date} gt {date} or ({moment.date} eq {date} and {moment.time} gt {hour})"
        f" or ({moment.date} eq {date} and {moment.time} eq {hour} and {kind.key} gt {key})"
    )


def _from(moment: Moment, at: str) -> str:
    if moment.stamp:
        return f"{moment.date} ge datetimeoffset'{at}'"
    day, _, time = at.partition("T")
    date, hour = f"datetime'{day}T00:00:00'", clock_literal(time[:8])
    return f"{moment.date} gt {date} or ({moment.date} eq {date} and {moment.time} ge {hour})"


def _parsed(at: str) -> datetime:
    moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
