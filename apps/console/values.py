"""How values read on screen, and what other golden records are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.amounts import grouped_amount
from apps.console.masking import MASK, Sight
from apps.golden.registry import entity
from apps.golden.spec import Attribute, Collection, EntitySpec, Kind


@dataclass(frozen=True, slots=True)
class Named:
    """A golden record as a link shows it."""

    id: str
    entity: str
    code: str
    title: str
    status: str

    @property
    def link(self) -> str:
        return reverse("admin:golden_record", args=(self.entity, self.id))


@dataclass(frozen=True, slots=True)
class Shown:
    """A value ready for a template; `text` is empty where there is none."""

    text: str = ""
    link: str = ""
    hint: str = ""

    @property
    def hidden(self) -> bool:
        return self.text == MASK


NOTHING = Shown()
Names = Mapping[str, Named]


def names_of(ids: Iterable[UUID | str], *, clear: bool) -> dict[str, Named]:
    """Return what golden records are called, by id, in one query; personal titles masked unless `clear`."""
    wanted = sorted({str(each) for each in ids})
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, entity, code, title, status FROM golden_goldenrecord WHERE id = ANY(%s::uuid[])",
            (wanted,),
        )
        found = [Named(*row) for row in cursor.fetchall()]
    return {
        each.id: Named(
            each.id, each.entity, each.code, Sight(entity(each.entity), clear).title(each.title), each.status
        )
        for each in found
    }


def reference_ids(spec: EntitySpec, *documents: Mapping[str, Any]) -> set[str]:
    """Return the golden ids that these documents refer to, from items too."""
    found = {
        str(document[each.name])
        for document in documents
        for each in spec.references()
        if isinstance(document.get(each.name), str)
    }
    for collection, column in spec.item_references():
        for document in documents:
            for item in document.get(collection.name) or ():
                if isinstance(item, Mapping) and isinstance(item.get(column.name), str):
                    found.add(item[column.name])
    return {each for each in found if each != MASK}


def show(attribute: Attribute, value: Any, names: Names) -> Shown:
    """Return one value as people read it."""
    if value is None or value == "":
        return NOTHING
    if value == MASK:
        return Shown(MASK, hint=f"Personal: needs the capability {Capability.UNMASK.value!r}")
    if attribute.kind is Kind.REFERENCE:
        return _reference(value, names)
    if attribute.kind is Kind.BOOLEAN:
        return Shown("Yes" if value else "No")
    if attribute.kind is Kind.MONEY:
        return Shown(grouped_amount(value))
    if attribute.kind is Kind.CHOICE:
        return Shown(str(value).replace("_", " "))
    return Shown(str(value))


def _reference(value: Any, names: Names) -> Shown:
    if isinstance(value, Mapping):
        return Shown(f"{value.get('system')}:{value.get('key')}", hint="Not here yet, or not resolved")
    named = names.get(str(value))
    return Shown(named.title, named.link, named.code) if named else Shown(str(value))


def show_any(spec: EntitySpec, name: str, value: Any, names: Names) -> str:
    """Return an attribute's value or a collection's items as one line of text, for diffs and lists."""
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        collection = spec.collection(name)
        return "; ".join(_item_line(collection.columns, item, names) for item in value)
    return show(spec.attribute(name), value, names).text


def _item_line(columns: Iterable[Attribute], item: Any, names: Names) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    texts = (show(column, item.get(column.name), names).text for column in columns)
    return ", ".join(text for text in texts if text)


@dataclass(frozen=True, slots=True)
class Altered:
    """One value before and after as text; `path` is its entry in provenance."""

    title: str
    before: str
    after: str
    path: str


def altered(
    sight: Sight, name: str, before: Any, after: Any, names: Names, *, everything: bool = False
) -> list[Altered]:
    """Return what changed of an attribute, or column by column of a collection's items.

    `everything` tells the columns of new and removed items one by one too, instead of as one line.
    """
    spec = sight.spec
    attribute = part_of(spec, name)
    if attribute is not None:
        texts = [show(attribute, sight.value(name, value), names).text for value in (before, after)]
        return [Altered(attribute.title, texts[0], texts[1], name)]
    collection = spec.collection(name)
    old, new = ({collection.identity_of(item): item for item in items or ()} for items in (before, after))
    found: list[Altered] = []
    for identity in dict.fromkeys([*old, *new]):
        one, other = old.get(identity), new.get(identity)
        if one == other:
            continue
        path = f"{name}:{identity}"
        [shown_one] = sight.value(name, [one or {}])
        [shown_other] = sight.value(name, [other or {}])
        label = _item_label(collection, shown_one if one else shown_other)
        if not everything and (one is None or other is None):
            lines = [_item_line(collection.columns, item, names) for item in (shown_one, shown_other)]
            found.append(Altered(label, lines[0], lines[1], path))
            continue
        for column in collection.columns:
            if (one or {}).get(column.name) != (other or {}).get(column.name):
                texts = [show(column, item.get(column.name), names).text for item in (shown_one, shown_other)]
                found.append(Altered(f"{label}: {column.title}", texts[0], texts[1], path))
    return found


def _item_label(collection: Collection, item: Mapping[str, Any]) -> str:
    identity = [str(item[column]) for column in collection.identity if item.get(column)]
    return " ".join([collection.title, *identity])


def part_of(spec: EntitySpec, name: str) -> Attribute | None:
    """Return the attribute of that name; None when it is a collection or unknown."""
    return next((each for each in spec.attributes if each.name == name), None)


def parts_of(spec: EntitySpec) -> list[Attribute | Collection]:
    """Return the attributes, then the collections."""
    return [*spec.attributes, *spec.collections]


def title_of(spec: EntitySpec, name: str) -> str:
    """Return how an attribute or a collection is called on screen."""
    return next((each.title for each in parts_of(spec) if each.name == name), name.replace("_", " "))
