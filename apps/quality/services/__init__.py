"""Verbs of quality: standardize, assess, keep reference data."""

from apps.quality.services.codes import (
    CODE_LISTS,
    InvalidCode,
    adopt_values,
    ensure_code_lists,
    map_value,
    save_code,
    save_list,
    turn_codes,
    unmap_value,
)
from apps.quality.services.standardizing import (
    assess_document,
    mark_echoes,
    standardize_records,
    store_standardized,
)

__all__ = [
    "CODE_LISTS",
    "InvalidCode",
    "adopt_values",
    "assess_document",
    "ensure_code_lists",
    "map_value",
    "mark_echoes",
    "save_code",
    "save_list",
    "standardize_records",
    "store_standardized",
    "turn_codes",
    "unmap_value",
]
