"""Compiled mapping documents, kept by their text: compiling is pure, so one compilation serves a process."""

from functools import lru_cache
from typing import Literal

import yaml

from apps.connectors.mappings import (
    Layout,
    MappingDocumentError,
    OutboundMapping,
    compile_layout,
    compile_mapping,
)

Kind = Literal["layout", "outbound"]

layout_of = lru_cache(maxsize=256)(compile_layout)
outbound_of = lru_cache(maxsize=256)(compile_mapping)


def document_face(text: str) -> tuple[Kind, str]:
    """Return what kind of document this is and the name it gives itself."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingDocumentError("", f"is not valid YAML: {error}") from error
    for key, kind in (("layout", "layout"), ("mapping", "outbound")):
        if isinstance(document, dict) and isinstance(document.get(key), str):
            return ("layout" if kind == "layout" else "outbound"), document[key]
    raise MappingDocumentError("", "must begin with `layout: system.name` or `mapping: system.name`.")


def compile_document(kind: str, text: str, version: int) -> Layout | OutboundMapping:
    """Compile either kind; raise MappingDocumentError when it is not valid or names another version."""
    return layout_of(text) if kind == "layout" else outbound_of(text, version)
