"""What differs between two versions of the ownership matrix, rule by rule."""

from dataclasses import dataclass

from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.selectors import rule_name


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule before and after, as text; "" where there is none."""

    entity: str
    rule: str
    before: str
    after: str


def changes_between(old: OwnershipMatrix, new: OwnershipMatrix) -> list[RuleChange]:
    """Return the rules that differ, by entity and name."""
    before, after = _rules(old), _rules(new)
    return [
        RuleChange(*place, before.get(place, ""), after.get(place, ""))
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    ]


def _rules(matrix: OwnershipMatrix) -> dict[tuple[str, str], str]:
    rows = OwnershipRule.objects.filter(matrix=matrix)
    return {
        (row.entity, rule_name(row.group, row.state, row.legal_entity, row.valid_from, row.valid_to)): _words(
            row
        )
        for row in rows
    }


def _words(row: OwnershipRule) -> str:
    exceptions = "".join(f", {writer}: {verdict}" for writer, verdict in sorted(row.verdicts.items()))
    return f"{' › '.join(row.owners)}; others: {row.others}{exceptions}"
