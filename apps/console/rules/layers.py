"""Where the cells of an ownership grid hold: layers by own legal entity and period, as addresses name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from apps.core.errors import Invalid
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.services import ANY, EVERYWHERE, Layer


@dataclass(frozen=True, slots=True)
class Tab:
    """One layer as a tab: how it is called, its address and how many rules it has."""

    layer: Layer
    title: str
    query: str
    rules: int
    shown: bool


def title_of(layer: Layer) -> str:
    """Return how people call a layer: "UK01, from 1 Mar 2026 to 31 Dec 2026"."""
    place = "Any legal entity" if layer.legal_entity == ANY else layer.legal_entity
    begins = f" from {layer.valid_from:%-d %b %Y}" if layer.valid_from else ""
    ends = f" to {layer.valid_to:%-d %b %Y}" if layer.valid_to else ""
    return f"{place}{begins}{ends}"


def query_of(layer: Layer) -> str:
    return urlencode(
        {
            "legal_entity": layer.legal_entity,
            "from": layer.valid_from.isoformat() if layer.valid_from else "",
            "to": layer.valid_to.isoformat() if layer.valid_to else "",
        }
    )


def layer_of(given: Mapping[str, str]) -> Layer:
    """Return the layer that an address or a form names. Raises Invalid for a day that is none."""
    return Layer(
        (given.get("legal_entity") or ANY).strip()[:40],
        _day(given.get("from", "")),
        _day(given.get("to", "")),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text!r} is no day; write it as 2026-12-31.") from None


def tabs_of(matrix: OwnershipMatrix, entity_name: str, shown: Layer) -> list[Tab]:
    """Return the layers in which a version has rules for an entity, and the one that is shown."""
    counts: dict[Layer, int] = {EVERYWHERE: 0, shown: 0}
    for row in OwnershipRule.objects.filter(matrix=matrix, entity=entity_name):
        layer = Layer(row.legal_entity, row.valid_from, row.valid_to)
        counts[layer] = counts.get(layer, 0) + 1
    ordered = sorted(
        counts, key=lambda each: (each != EVERYWHERE, each.legal_entity, each.valid_from or date.min)
    )
    return [Tab(each, title_of(each), query_of(each), counts[each], each == shown) for each in ordered]
