"""Golden records that no live source record stands behind: they keep their values, and follow merges."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import Document, EntitySpec


def kept_documents(
    spec: EntitySpec,
    ids: Iterable[UUID],
    stored: Mapping[UUID, Document],
    remembered: Mapping[UUID, Document],
    merging: Mapping[UUID, UUID],
) -> dict[UUID, Document]:
    """Return what these records are, provenance included; references lead to the survivors of merges.

    `remembered` are documents from before a merge that is undone: a whole one is what the record is again, of another
    one the references are. One statement, none where there is no such record.
    """
    kept: dict[UUID, Document] = {}
    for record in ids:
        earlier = remembered.get(record, {})
        if "status" in earlier:
            kept[record] = earlier
        elif record in stored:
            names = {attribute.name for attribute in spec.references()}
            told = {name: value for name, value in earlier.items() if name in names and value}
            kept[record] = {**stored[record], **told}
    held = {value for document in kept.values() for value in _referred(spec, document)}
    if not held:
        return kept
    merged = GoldenRecord.objects.filter(pk__in=held, status=RecordStatus.MERGED)
    led = {str(record): str(survivor) for record, survivor in merged.values_list("pk", "merged_into")}
    led |= {str(loser): str(survivor) for loser, survivor in merging.items()}
    return {record: led_document(spec, str(record), document, led) for record, document in kept.items()}


def _referred(spec: EntitySpec, document: Document) -> Iterator[str]:
    for attribute in spec.references():
        if value := document.get(attribute.name):
            yield value
    for collection, column in spec.item_references():
        yield from (item[column.name] for item in document.get(collection.name, ()) if item.get(column.name))


def led_document(spec: EntitySpec, record: str, document: Document, led: Mapping[str, str]) -> Document:
    """Return the document with references to merged records led to their survivors; none leads to itself."""
    found = dict(document)
    for attribute in spec.references():
        value = led.get(found.get(attribute.name, ""))
        if value == record:
            del found[attribute.name]
        elif value:
            found[attribute.name] = value
    for collection, column in spec.item_references():
        if any(item.get(column.name) in led for item in found.get(collection.name, ())):
            items = [
                {**item, column.name: led.get(item[column.name], item[column.name])}
                if item.get(column.name)
                else item
                for item in found[collection.name]
            ]
            found[collection.name] = [item for item in items if item.get(column.name) != record]
    return found
