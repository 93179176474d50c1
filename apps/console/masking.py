"""What a signed-in user sees of personal attributes: in clear with the capability, else a mask."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.console.permissions import user_may
from apps.golden.spec import EntitySpec

MASK = "•••"


@lru_cache(maxsize=256)
def _personal(spec: EntitySpec) -> frozenset[tuple[str, str]]:
    own = {(each.name, "") for each in spec.attributes if each.personal}
    items = {(c.name, column.name) for c in spec.collections for column in c.columns if column.personal}
    return frozenset(own | items)


@dataclass(frozen=True, slots=True)
class Sight:
    """How one user sees records of one entity."""

    spec: EntitySpec
    clear: bool

    def hides(self, name: str, column: str = "") -> bool:
        """Tell whether an attribute, or a column of a collection's items, is masked."""
        return not self.clear and (name, column) in _personal(self.spec)

    def hides_part_of(self, collection: str) -> bool:
        return not self.clear and any(name == collection and column for name, column in _personal(self.spec))

    @property
    def hides_title(self) -> bool:
        return self.hides(self.spec.title_attribute)

    def title(self, title: str) -> str:
        return MASK if self.hides_title else title or "untitled"

    def value(self, name: str, value: Any) -> Any:
        """Return a value, or the items of a collection, with what is hidden replaced by the mask."""
        if value is None:
            return None
        if self.hides(name):
            return MASK
        if isinstance(value, list):
            return [self._item(name, item) for item in value]
        return value

    def _item(self, name: str, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return MASK if self.hides_part_of(name) else item
        return {c: MASK if self.hides(name, c) and v is not None else v for c, v in item.items()}


def sight_of(request: HttpRequest, spec: EntitySpec) -> Sight:
    return Sight(spec, user_may(request, Capability.UNMASK))
