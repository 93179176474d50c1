"""The registries of the quality app: standardizers by name, rules by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.registry import Registry
from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue, Severity, Standardizer

RuleCheck = Callable[[Mapping[str, Any]], Iterable[Issue]]
"""What a rule does to one record: canonical values in, issues out."""

RuleBinder = Callable[[EntitySpec], RuleCheck | None]
"""A rule looks at a spec once and returns its check, or None where it has nothing to check."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A check over one whole record.

    always: runs for every entity, else where the spec's `checks` name it. at_source: the severity
    its issues have on a source record, where one system need not hold all the golden record must.
    """

    name: str
    bind: RuleBinder
    always: bool
    at_source: Severity | None


standardizers: Registry[Standardizer] = Registry("standardizer")
owned_columns: Registry[frozenset[str]] = Registry("standardizer of items")
"""The columns a standardizer of whole items leaves in canonical form, by its name."""
rules: Registry[Rule] = Registry("quality rule")


def rule(
    name: str, *, always: bool = True, at_source: Severity | None = None
) -> Callable[[RuleBinder], RuleBinder]:
    """Register a rule under `name`."""

    def decorate(bind: RuleBinder) -> RuleBinder:
        rules.add(name, Rule(name, bind, always, at_source))
        return bind

    return decorate
