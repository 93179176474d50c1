"""The tables behind NetSuite's address books, as SuiteQL shows them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from apps.connectors.sandbox.query import Query
from apps.connectors.sandbox.store import Row

Part = dict[str, Any]


def _entries(row: Row) -> Iterator[tuple[str, Part]]:
    for place, item in enumerate((row.body.get("addressBook") or {}).get("items") or (), start=1):
        yield f"{row.native_id}{place:03}", item


def _book(row: Row) -> Iterator[Part]:
    for number, item in _entries(row):
        yield {
            "entity": row.native_id,
            "internalid": number,
            "label": item.get("label"),
            "defaultbilling": "T" if item.get("defaultBilling") else "F",
            "defaultshipping": "T" if item.get("defaultShipping") else "F",
            "addressbookaddress": number,
        }


def _texts(row: Row) -> Iterator[Part]:
    for number, item in _entries(row):
        address = dict(item.get("addressBookAddress") or {})
        country = address.pop("country", None)
        yield {"nkey": number, **address, "country": (country or {}).get("id")}


def _companies(row: Row) -> Iterator[Part]:
    """Our own companies: their code serves as both ids."""
    for name in ("subsidiary", "custrecord_mdm_subsidiary"):
        if code := row.body.get(name):
            yield {"id": code, "externalid": code}


PART_TABLES: dict[str, Callable[[Row], Iterator[Part]]] = {
    "customeraddressbook": _book,
    "customeraddressbookentityaddress": _texts,
    "subsidiary": _companies,
}


def select_parts(query: Query, rows: Sequence[Row]) -> list[Part]:
    """Return the rows of a table of parts; numbers compare as numbers."""
    table = PART_TABLES[query.source.lower()]
    parts = [part for row in rows for part in table(row) if query.where(partial(_read, part))]
    parts = list({repr(part): part for part in parts}.values())
    for name in reversed(query.order):
        parts.sort(key=lambda part: _read(part, name))
    return [{name: part[name] for name in query.columns if part.get(name) is not None} for part in parts]


def _read(part: Part, name: str) -> Any:
    value = part.get(name)
    return int(value) if isinstance(value, str) and value.isdigit() else value
