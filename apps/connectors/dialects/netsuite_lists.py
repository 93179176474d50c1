"""NetSuite's sublists through SuiteQL: the address books of many customers in two questions, not one call each."""

from collections.abc import Callable, Sequence

from apps.connectors.contracts import Json

Ask = Callable[[str], list[Json]]
"""Takes a SuiteQL query and gives all its rows."""

_FLAGS = {"T": True, "F": False}
_TEXTS = ("addr1", "addr2", "city", "state", "zip")


def address_books(ask: Ask, native_ids: Sequence[str]) -> dict[str, Json]:
    """Return the address books of these customers by id, as the record service shows them."""
    if not native_ids:
        return {}
    entries = ask(
        "SELECT entity, label, defaultbilling, defaultshipping, addressbookaddress FROM customeraddressbook"
        f" WHERE entity IN ({_numbers(native_ids)}) ORDER BY entity, internalid"
    )
    wanted = [str(entry["addressbookaddress"]) for entry in entries]
    texts: dict[str, Json] = {}
    if wanted:
        rows = ask(
            f"SELECT nkey, {', '.join(_TEXTS)}, country FROM customeraddressbookentityaddress"
            f" WHERE nkey IN ({_numbers(wanted)})"
        )
        texts = {str(row["nkey"]): row for row in rows}
    books: dict[str, Json] = {native: {"items": []} for native in native_ids}
    for entry in entries:
        item = _item(entry, texts.get(str(entry["addressbookaddress"]), {}))
        books[str(entry["entity"])]["items"].append(item)
    return books


def _item(entry: Json, text: Json) -> Json:
    country = text.get("country")
    return {
        "label": entry.get("label"),
        "defaultBilling": _FLAGS.get(str(entry.get("defaultbilling")), False),
        "defaultShipping": _FLAGS.get(str(entry.get("defaultshipping")), False),
        "addressBookAddress": {
            **{name: text[name] for name in _TEXTS if text.get(name) is not None},
            **({"country": {"id": country}} if country else {}),
        },
    }


def _numbers(native_ids: Sequence[str]) -> str:
    return ", ".join(str(int(native)) for native in native_ids)
