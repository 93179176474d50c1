"""Read a mapping document: strict YAML checked against a JSON Schema, errors that say where and what."""

import re
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from apps.core.errors import HubError

MAX_DOCUMENT = 200_000
# The same loader in C where libyaml is there: mappings are compiled when a process starts.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MappingDocumentError(HubError):
    """A mapping or layout document that cannot be used; `where` is the path inside the document."""

    code = "invalid_mapping"
    title = "The mapping document is not valid"
    status = 422

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where or 'document'}: {problem}", where=where)
        self.where = where


class _StrictLoader(_Loader):
    """Safe YAML: only true and false are booleans, dates and every key stay text, a key comes once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in built:
                line = key_node.start_mark.line + 1
                raise MappingDocumentError(f"line {line}", f"{key!r} stands twice; keep one of them.")
            built[key] = self.construct_object(value_node, deep=True)
        return built


_DROPPED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def read_document(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the parsed document; raise MappingDocumentError with the place of the first fault."""
    if len(text) > MAX_DOCUMENT:
        raise MappingDocumentError("", f"is longer than {MAX_DOCUMENT} characters; split it.")
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # derived from SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise MappingDocumentError(where, f"is not valid YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(document, dict):
        raise MappingDocumentError("", "must be a mapping of names to values.")
    fault = best_match(Draft202012Validator(schema).iter_errors(document))
    if fault is not None:
        raise MappingDocumentError(_where(fault), _problem(fault))
    return document


def _where(fault: ValidationError) -> str:
    parts: list[str] = []
    for step in fault.absolute_path:
        parts.append(f"[{step}]" if isinstance(step, int) else f".{step}" if parts else str(step))
    return "".join(parts)


def _problem(fault: ValidationError) -> str:
    hint = fault.schema.get("description", "") if isinstance(fault.schema, dict) else ""
    return f"{fault.message}{'. Expected: ' + hint if hint else '.'}"
