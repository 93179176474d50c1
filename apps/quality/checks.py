"""System checks: every spec names standardizers and rules that exist."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from apps.golden.registry import entities
from apps.golden.spec import EntitySpec
from apps.quality.compiled import standardizer_name
from apps.quality.registry import rules, standardizers


def check_specs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each standardizer and rule a registered spec names and nobody registered."""
    return [message for spec in entities.values() for message in spec_errors(spec)]


def spec_errors(spec: EntitySpec) -> Iterator[CheckMessage]:
    named = [(attribute.name, standardizer_name(attribute)) for attribute in spec.attributes]
    for collection in spec.collections:
        named += [
            (f"{collection.name}.{column.name}", standardizer_name(column)) for column in collection.columns
        ]
        if collection.standardizer:
            named.append((collection.name, collection.standardizer))
    for path, name in named:
        if name not in standardizers:
            hint = f"Known: {', '.join(sorted(standardizers.names()))}."
            yield Error(f"{spec.name}.{path}: no standardizer {name!r}.", hint=hint, id="quality.E001")
    for name in spec.checks:
        if name not in rules:
            hint = f"Known: {', '.join(sorted(rules.names()))}."
            yield Error(f"{spec.name}: no quality rule {name!r}.", hint=hint, id="quality.E002")
