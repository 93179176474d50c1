"""The closed set of pure, named value transforms: argument and options in, function out."""

import hashlib
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from apps.connectors.mappings.documents import MappingDocumentError
from apps.connectors.mappings.paths import ABSENT, parse_path
from apps.core.registry import Registry

Transform = Callable[[Any], Any]
Factory = Callable[[Any, Mapping[str, Any]], Transform]


class TransformError(ValueError):
    """A value that a transform cannot take; the text says what is wrong with it."""


TRANSFORMS: Registry[Factory] = Registry("transform")
#: Transforms that want to see nothing-values too; all others pass None on untouched.
SEES_NONE: set[str] = {"default", "const", "first", "concat"}
#: Transforms that take several values at once.
TAKES_LIST: set[str] = {"concat", "first", "hash"}


def register(name: str) -> Callable[[Factory], Factory]:
    return TRANSFORMS.register(name)


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        raise TransformError("is a structure where one value is expected")
    return str(value)


def shown(value: Any) -> str:
    """Return a value as error texts quote it: short, so that no cell floods a log."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "...'"


@register("trim")
def trim(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: as_text(value).strip() or None


@register("squash")
def squash(argument: Any, options: Mapping[str, Any]) -> Transform:
    """Collapse every run of white space to one blank."""
    return lambda value: " ".join(as_text(value).split()) or None


@register("upper")
def upper(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: as_text(value).upper()


@register("lower")
def lower(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: as_text(value).lower()


@register("text")
def text(argument: Any, options: Mapping[str, Any]) -> Transform:
    return as_text


@register("digits")
def digits(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: "".join(sign for sign in as_text(value) if sign.isdigit()) or None


@register("prefix")
def prefix(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: f"{argument}{as_text(value)}"


@register("truncate")
def truncate(argument: Any, options: Mapping[str, Any]) -> Transform:
    limit = int(argument)
    return lambda value: as_text(value)[:limit]


@register("wrap")
def wrap(argument: Any, options: Mapping[str, Any]) -> Transform:
    """`{wrap: 40, index: 1}`: the second of the lines of at most 40 characters that a text is broken into."""
    width, index = int(argument), int(options.get("index", 0))

    def apply(value: Any) -> Any:
        lines = textwrap.wrap(as_text(value), width)
        return lines[index] if index < len(lines) else None

    return apply


@register("replace")
def replace(argument: Any, options: Mapping[str, Any]) -> Transform:
    """`{replace: {old: new, ...}}`: each text for another, in the order written."""
    pairs = [(str(old), str(new)) for old, new in dict(argument).items()]

    def apply(value: Any) -> Any:
        result = as_text(value)
        for old, new in pairs:
            result = result.replace(old, new)
        return result.strip() or None

    return apply


@register("lookup")
def lookup(argument: Any, options: Mapping[str, Any]) -> Transform:
    """`{lookup: {from: to}, else: fail | keep | null | any value}`; keys compare without case."""
    table = {as_text(key).strip().casefold(): value for key, value in dict(argument).items()}
    otherwise = options.get("else", "fail")

    def apply(value: Any) -> Any:
        key = as_text(value).strip().casefold()
        if key in table:
            return table[key]
        if otherwise == "fail":
            raise TransformError(
                f"{shown(value)} is not one of {', '.join(sorted(table))}; extend the lookup"
            )
        return value if otherwise == "keep" else None if otherwise == "null" else otherwise

    return apply


@register("concat")
def concat(argument: Any, options: Mapping[str, Any]) -> Transform:
    """Join the values that are there; the argument is the separator (a blank by default)."""
    separator = " " if argument is None else str(argument)

    def apply(value: Any) -> Any:
        parts = value if isinstance(value, list) else [value]
        return separator.join(as_text(part).strip() for part in parts if part not in (None, "")) or None

    return apply


@register("split")
def split(argument: Any, options: Mapping[str, Any]) -> Transform:
    """`{split: ";"}` gives a list, `{split: " ", index: 0}` one of its parts (-1 is the last)."""
    separator, index = str(argument), options.get("index")

    def apply(value: Any) -> Any:
        parts = [part.strip() for part in as_text(value).split(separator) if part.strip()]
        if index is None:
            return parts
        return parts[int(index)] if -len(parts) <= int(index) < len(parts) else None

    return apply


@register("first")
def first(argument: Any, options: Mapping[str, Any]) -> Transform:
    """The first of several values that is there."""

    def apply(value: Any) -> Any:
        parts = value if isinstance(value, list) else [value]
        return next((part for part in parts if part not in (None, "")), None)

    return apply


@register("default")
def default(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: argument if value in (None, "") else value


@register("const")
def const(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: argument


@register("pluck")
def pluck(argument: Any, options: Mapping[str, Any]) -> Transform:
    """The named members of an object as a list, those without a value left out."""
    names = [str(name) for name in argument]
    return lambda value: [value[name] for name in names if value.get(name) not in (None, "")]


@register("path")
def path(argument: Any, options: Mapping[str, Any]) -> Transform:
    place = parse_path(str(argument))

    def apply(value: Any) -> Any:
        found = place.get(value)
        return None if found is ABSENT else found

    return apply


@register("hash")
def digest(argument: Any, options: Mapping[str, Any]) -> Transform:
    """The first n hexadecimal digits (16 by default) of the SHA-256 of the value or values."""
    length = int(argument or 16)

    def apply(value: Any) -> str:
        parts = value if isinstance(value, list) else [value]
        packed = "\x1f".join("" if part is None else as_text(part) for part in parts)
        return hashlib.sha256(packed.encode()).hexdigest()[:length]

    return apply


def compile_chain(specs: list[Any], where: str) -> Transform | None:
    """Compile `do: [trim, {decimal: 2}, ...]` to one function; None when there is nothing to do."""
    steps = [compile_step(spec, f"{where}[{position}]") for position, spec in enumerate(specs)]
    if not steps:
        return None

    def run(value: Any) -> Any:
        for sees_none, step in steps:
            if value is not None or sees_none:
                value = step(value)
        return value

    return run


def step_name(spec: Any, where: str = "") -> str:
    """Return the transform's name in a step that is written `trim` or `{lookup: {...}, else: fail}`."""
    if isinstance(spec, str):
        return spec
    names = [key for key in spec if key in TRANSFORMS]
    if len(names) != 1:
        known = ", ".join(sorted(TRANSFORMS.names()))
        raise MappingDocumentError(where, f"{spec!r} names no transform of: {known}.")
    return str(names[0])


def compile_step(spec: Any, where: str) -> tuple[bool, Transform]:
    name = step_name(spec, where)
    if name not in TRANSFORMS:
        known = ", ".join(sorted(TRANSFORMS.names()))
        raise MappingDocumentError(where, f"there is no transform {name!r}; known: {known}.")
    argument = None if isinstance(spec, str) else spec[name]
    options = {} if isinstance(spec, str) else {key: value for key, value in spec.items() if key != name}
    try:
        return name in SEES_NONE, TRANSFORMS.get(name)(argument, options)
    except (TypeError, ValueError) as error:
        raise MappingDocumentError(where, f"{name} cannot use {argument!r}: {error}.") from error
