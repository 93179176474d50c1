"""What a target says of its own objects and fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CatalogField:
    name: str
    type: str
    required: bool = False
    max_length: int | None = None
    writable: bool = True
    external_id: bool = False
    reference_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogObject:
    name: str
    label: str
    fields: tuple[CatalogField, ...]

    def field(self, name: str) -> CatalogField | None:
        return next((item for item in self.fields if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The organisation's own objects and fields, as `discover` found them."""

    objects: tuple[CatalogObject, ...]

    def object(self, name: str) -> CatalogObject | None:
        return next((item for item in self.objects if item.name == name), None)


def catalog_of_json(stored: Mapping[str, Any] | None) -> Catalog:
    """Return a catalog that was kept as JSON (`dataclasses.asdict`); an empty one for nothing."""
    return Catalog(
        tuple(
            CatalogObject(
                one["name"],
                one["label"],
                tuple(
                    CatalogField(**{**field, "reference_to": tuple(field["reference_to"])})
                    for field in one["fields"]
                ),
            )
            for one in (stored or {}).get("objects", ())
        )
    )
