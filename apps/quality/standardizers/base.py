"""The decorators that register a standardizer, give it its cache and keep bad types away from it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

from apps.quality.contracts import NOTHING, NOWHERE, Issue, Near, Severity, Standardized
from apps.quality.registry import owned_columns, standardizers

CACHED_CHARACTERS = 200
CACHED_VALUES = 16_384
LONGEST = 20_000
SHOWN_CHARACTERS = 120
_LARGEST_INTEGER = 10**30

ScalarFunction = Callable[[str, Near], Standardized]
ItemFunction = Callable[[Mapping[str, Any], Near], Standardized]


def shown(value: object) -> str:
    """Return the text of a value that an issue may carry: short, and storable as JSON in PostgreSQL."""
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return "a very large number"
    text = value[: SHOWN_CHARACTERS + 1] if isinstance(value, str) else str(value)
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def found(
    code: str, message: str, value: object = None, severity: Severity = "downgrade", attribute: str = ""
) -> Issue:
    """Return an issue whose attribute the caller may still have to complete."""
    return Issue(code, attribute, severity, message, None if value is None else shown(value))


def dropped(
    code: str, message: str, value: object, severity: Severity = "downgrade", before: tuple[Issue, ...] = ()
) -> Standardized:
    """Return no value and the issue that says why."""
    return Standardized(None, (*before, found(code, message, value, severity)))


def text_of(value: object) -> str | None:
    """Return the text of a JSON scalar (12.0 is "12"); None for containers and absurd numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= _LARGEST_INTEGER else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return None


Answer = Callable[[str, Near], Standardized]


def _cached(function: ScalarFunction, uses: tuple[str, ...]) -> Answer:
    """Return the function behind a cache whose key is the text and only the used fields of the context."""
    if not uses:
        alone = lru_cache(maxsize=CACHED_VALUES)(lambda text: function(text, NOWHERE))
        return lambda text, near: alone(text)

    @lru_cache(maxsize=CACHED_VALUES)
    def by_fields(text: str, *fields: Any) -> Standardized:
        return function(text, Near(**dict(zip(uses, fields, strict=True))))

    if uses == ("country",):
        return lambda text, near: by_fields(text, near.country)
    if len(uses) == 1:
        field = attrgetter(*uses)
        return lambda text, near: by_fields(text, field(near))
    fields = attrgetter(*uses)
    return lambda text, near: by_fields(text, *fields(near))


def standardizer(name: str, *, uses: tuple[str, ...] = ()) -> Callable[[ScalarFunction], ScalarFunction]:
    """Register a function over one text under `name`; `uses` are the fields of Near it looks at.

    The registered form accepts any JSON value: null and "" give nothing, containers and texts over
    20,000 characters an issue; short texts are answered from a bounded cache.
    """

    def decorate(function: ScalarFunction) -> ScalarFunction:
        answer = _cached(function, uses)

        def standardize(value: object, near: Near = NOWHERE) -> Standardized:
            if type(value) is str:
                text: str | None = value
            elif value is None:
                return NOTHING
            else:
                text = text_of(value)
            if not text:
                return NOTHING if text == "" else _wrong_type(value)
            if len(text) <= CACHED_CHARACTERS:
                return answer(text, near)
            if len(text) > LONGEST:
                return dropped("value.too_long", f"Longer than {LONGEST} characters.", text)
            return function(text, near)

        standardizers.add(name, standardize)
        return function

    return decorate


def _wrong_type(value: object) -> Standardized:
    return dropped("value.wrong_type", "A single value is expected here.", value)


def item_standardizer(name: str, *, owns: tuple[str, ...]) -> Callable[[ItemFunction], ItemFunction]:
    """Register a function over one item of a collection: a mapping in, a new dict out.

    `owns` are the columns it leaves in canonical form; the others are standardized one by one.
    """

    def decorate(function: ItemFunction) -> ItemFunction:
        def standardize(value: object, near: Near = NOWHERE) -> Standardized:
            if value is None:
                return NOTHING
            if not isinstance(value, Mapping):
                return dropped("value.wrong_type", "An item with named columns is expected here.", value)
            return function(value, near)

        standardizers.add(name, standardize)
        owned_columns.add(name, frozenset(owns))
        return function

    return decorate
