"""Quality rules on one customer, besides those that every organisation has."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.golden.spec import EntitySpec
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule

RULES = ("has_strong_identifier", "is_contactable", "terms_with_own_entity")


@rule("terms_with_own_entity", always=False, at_source="info")
def terms_with_own_entity(spec: EntitySpec) -> RuleCheck:
    """An active customer has terms with the legal entity that mainly deals with it (see invariant 12)."""

    def check(values: Mapping[str, Any]) -> Iterator[Issue]:
        own = values.get("legal_entity")
        if not own or values.get("status") not in spec.lifecycle.active:
            return
        if own not in {terms.get("legal_entity") for terms in values.get("entity_terms") or ()}:
            text = f"There are no terms with {own}: agree them before work is booked."
            yield Issue("terms.missing", "entity_terms", "warn", text, own)

    return check
