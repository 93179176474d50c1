"""Check what people give by hand: references to live records, and whole collections item by item."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.core.errors import HubError
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import Attribute, Collection, Document, EntitySpec, Kind
from apps.quality.services import standardize_records


class InvalidPin(HubError):
    code = "invalid_pin"
    title = "This value cannot be pinned"
    status = 422


def checked_reference(attribute: Attribute, value: Any) -> str | None:
    """Return a reference as a golden id in text. Raises InvalidPin for what is no live record of the right entity."""
    if value in (None, ""):
        return None
    try:
        wanted = UUID(str(value))
    except ValueError:
        raise InvalidPin(f"{attribute.title}: give the id of a golden record, not {value!r}.") from None
    live = GoldenRecord.objects.filter(pk=wanted, entity=attribute.references, status=RecordStatus.LIVE)
    if not live.exists():
        raise InvalidPin(f"{attribute.title}: there is no live {attribute.references} {wanted}.")
    return str(wanted)


def standardized_items(spec: EntitySpec, collection: Collection, value: Any) -> list[Document]:
    """Return items as their standardizers leave them, in the order of their identity.

    Raises InvalidPin for an item that is none, for an unknown column and for two items of one identity.
    """
    given = [] if value is None else value
    if not isinstance(given, Sequence) or not all(isinstance(item, Mapping) for item in given):
        raise InvalidPin(f"{collection.title}: give a list of items.")
    columns = {column.name: column for column in collection.columns}
    for item in given:
        if unknown := sorted(set(item) - set(columns)):
            raise InvalidPin(
                f"{collection.title}: there is no {', '.join(unknown)}; known: {', '.join(columns)}."
            )
    references = {name for name, column in columns.items() if column.kind is Kind.REFERENCE}
    plain = [{n: v for n, v in item.items() if n not in references} for item in given]
    results = standardize_records(spec=spec, records=[{collection.name: [item]} for item in plain])
    items: dict[str, Document] = {}
    for item, wanted, result in zip(given, plain, results, strict=True):
        kept: Document = next(iter(result.values.get(collection.name) or ()), {})
        lost = [name for name, each in wanted.items() if each not in (None, "") and kept.get(name) is None]
        if lost:
            faults = [issue.message for issue in result.issues if issue.attribute.startswith(collection.name)]
            told = " ".join(faults) or "this is no valid value"
            raise InvalidPin(f"{collection.title}, {columns[lost[0]].title}: {told}")
        named = {n: checked_reference(columns[n], item[n]) for n in references if item.get(n)}
        whole = {n: v for n, v in {**kept, **named}.items() if v is not None}
        if missing := [c.title for c in columns.values() if c.required == "always" and c.name not in whole]:
            raise InvalidPin(f"{collection.title}: {', '.join(missing)} must be given.")
        identity = collection.identity_of(whole)
        if identity in items:
            raise InvalidPin(
                f"{collection.title}: two items are the same in {', '.join(collection.identity)}."
            )
        items[identity] = whole
    return [items[identity] for identity in sorted(items)]
