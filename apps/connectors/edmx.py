"""OData V2 metadata (EDMX) read into the hub's catalog."""

from xml.etree import ElementTree

from apps.connectors.catalog import CatalogField, CatalogObject
from apps.connectors.contracts import Failure, FailureClass, ReadFailed

_SAP = "{http://www.sap.com/Protocols/SAPData}"


def read_edmx(body: bytes, entity_set: str, *, key: str = "") -> CatalogObject:
    """Return one entity set of a $metadata document; `key` is its property with the hub's id.

    Raises ReadFailed for a document that declares a DOCTYPE, is no XML, or does not know the set.
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _unreadable("the metadata declares a DOCTYPE")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - nothing is expanded: a DOCTYPE was refused
    except ElementTree.ParseError as error:
        raise _unreadable(f"the metadata is no XML: {error}") from error
    sets = {one.get("Name"): one.get("EntityType", "") for one in _named(root, "EntitySet")}
    wanted = (sets.get(entity_set) or "").rpartition(".")[2]
    described = next((one for one in _named(root, "EntityType") if one.get("Name") == wanted), None)
    if described is None:
        raise _unreadable(f"the service has no {entity_set}")
    fields = [_field(one, key) for one in described if one.tag.endswith("}Property")]
    parts = [
        CatalogField(str(one.get("Name")), "relation")
        for one in described
        if one.tag.endswith("}NavigationProperty")
    ]
    return CatalogObject(entity_set, str(described.get(f"{_SAP}label", entity_set)), (*fields, *parts))


def _named(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if one.tag.endswith("}" + name)]


def _field(one: ElementTree.Element, key: str) -> CatalogField:
    length = one.get("MaxLength", "")
    return CatalogField(
        name=str(one.get("Name")),
        type=str(one.get("Type", "")).removeprefix("Edm."),
        required=one.get("Nullable") == "false",
        max_length=int(length) if length.isdigit() else None,
        writable=one.get(f"{_SAP}updatable") != "false" or one.get(f"{_SAP}creatable") != "false",
        external_id=bool(key) and one.get("Name") == key,
    )


def _unreadable(text: str) -> ReadFailed:
    return ReadFailed(Failure(FailureClass.PERMANENT, "METADATA", text, scope="connector"))
