"""The mapping language: YAML documents that turn vendors' fields into canonical attributes and back; pure."""

from apps.connectors.mappings import codes, standards
from apps.connectors.mappings.checking import Loss, ValueFault, value_faults
from apps.connectors.mappings.documents import MappingDocumentError
from apps.connectors.mappings.layout import Layout, compile_layout
from apps.connectors.mappings.outbound import OutboundMapping, compile_mapping
from apps.connectors.mappings.paths import ABSENT, Path
from apps.connectors.mappings.records import FieldError, MappedRecord
from apps.connectors.mappings.rendering import FieldDrift, MappingError, MappingErrors, Payload, RefNeed

__all__ = [
    "ABSENT",
    "FieldDrift",
    "FieldError",
    "Layout",
    "Loss",
    "MappedRecord",
    "MappingDocumentError",
    "MappingError",
    "MappingErrors",
    "OutboundMapping",
    "Path",
    "Payload",
    "RefNeed",
    "ValueFault",
    "codes",
    "compile_layout",
    "compile_mapping",
    "standards",
    "value_faults",
]
