"""Named registries: duplicates and unknown names are errors at import, not at night."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from apps.core.errors import HubError

T = TypeVar("T")


class DuplicateName(HubError):
    code = "duplicate_name"
    title = "This name is registered already"


class UnknownName(HubError):
    code = "unknown_name"
    title = "Nothing is registered under this name"


class Registry(Generic[T]):
    """Names to items of one kind; `register(name)` decorates, `add(name, item)` does the same plainly."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        def decorate(item: T) -> T:
            self.add(name, item)
            return item

        return decorate

    def add(self, name: str, item: T) -> None:
        if name in self._items:
            raise DuplicateName(f"{self.kind} {name!r} is registered twice; choose another name.")
        self._items[name] = item

    def get(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            near = get_close_matches(name, self._items, n=3)
            hint = f"Did you mean {', '.join(near)}?" if near else f"Known: {', '.join(sorted(self._items))}."
            raise UnknownName(f"There is no {self.kind} named {name!r}. {hint}") from None

    def names(self) -> tuple[str, ...]:
        return tuple(self._items)

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._items.items())

    def values(self) -> Iterator[T]:
        return iter(self._items.values())

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __len__(self) -> int:
        return len(self._items)
