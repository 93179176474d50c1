"""Compiled mapping documents, kept by their text: compiling is pure, so one compilation serves a process."""

import re
from functools import lru_cache
from typing import Literal

from apps.connectors.mappings import (
    Layout,
    MappingDocumentError,
    OutboundMapping,
    compile_layout,
    compile_mapping,
)

Kind = Literal["layout", "outbound"]
_FACE = re.compile(r"^(layout|mapping): *([\w.]+) *$", re.MULTILINE)

layout_of = lru_cache(maxsize=256)(compile_layout)
outbound_of = lru_cache(maxsize=256)(compile_mapping)


def document_face(text: str) -> tuple[Kind, str]:
    """Return what kind of document this is and the name it gives itself."""
    found = _FACE.search(text)
    if found is None:
        raise MappingDocumentError("", "must begin with `layout: system.name` or `mapping: system.name`.")
    return ("layout" if found[1] == "layout" else "outbound"), found[2]


def compile_document(kind: str, text: str, version: int | None) -> Layout | OutboundMapping:
    """Compile either kind; raise MappingDocumentError when it is not valid or names another version."""
    return layout_of(text) if kind == "layout" else outbound_of(text, version)
