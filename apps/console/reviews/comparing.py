"""A candidate pair side by side: attributes with their differences, golden homes, and the weight of evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.console.differences import Compared, compare_lists, compare_texts
from apps.console.golden.members import with_golden_ids
from apps.console.masking import Sight
from apps.console.values import Named, Names, names_of, reference_ids, show, show_any
from apps.golden.spec import Attribute, Document, EntitySpec
from apps.matching.models import CandidatePair
from apps.quality.selectors import stored_records
from apps.sources.models import Crosswalk, SourceRecord


@dataclass(frozen=True, slots=True)
class Side:
    """One source record of the pair with the golden record it belongs to."""

    record: SourceRecord
    home: Named | None
    members: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a steward needs to decide one pair."""

    pair: CandidatePair
    left: Side
    right: Side
    groups: list[tuple[str, list[Compared]]]

    @property
    def same_home(self) -> bool:
        return bool(self.left.home and self.right.home and self.left.home.id == self.right.home.id)

    @property
    def counts(self) -> dict[str, int]:
        kinds = [row.kind for _, rows in self.groups for row in rows]
        return {kind: kinds.count(kind) for kind in ("same", "differs", "left", "right")}


def compare_pair(spec: EntitySpec, pair: CandidatePair, sight: Sight) -> Comparison:
    """Return the comparison in a constant number of statements."""
    stored = stored_records(ids=[pair.left_id, pair.right_id])
    left, right = (
        _document(spec, stored[pk].values if pk in stored else {}) for pk in (pair.left_id, pair.right_id)
    )
    homes = dict(
        Crosswalk.objects.filter(pk__in=(pair.left_id, pair.right_id)).values_list(
            "source_record_id", "record_id"
        )
    )
    sizes: dict[str, int] = {}
    for record in Crosswalk.objects.filter(record__in=homes.values()).values_list("record_id", flat=True):
        sizes[str(record)] = sizes.get(str(record), 0) + 1
    names = names_of([*homes.values(), *reference_ids(spec, left, right)], clear=sight.clear)

    def side(record: SourceRecord) -> Side:
        home = str(homes.get(record.pk, ""))
        return Side(record, names.get(home), sizes.get(home, 0))

    return Comparison(
        pair=pair,
        left=side(pair.left),
        right=side(pair.right),
        groups=_groups(spec, left, right, names, sight),
    )


def _document(spec: EntitySpec, values: Mapping[str, Any]) -> Document:
    return with_golden_ids(spec, {name: value for name, value in values.items() if value is not None}, {})


SECTIONS = (("differs", "Different"), ("same", "Equal"), ("one", "Only one of them tells"))
"""What a decision hangs on comes first."""


def _groups(
    spec: EntitySpec, left: Document, right: Document, names: Names, sight: Sight
) -> list[tuple[str, list[Compared]]]:
    """Return the compared values by section, within each in the spec's order."""
    rows: list[Compared] = []
    for attribute in spec.attributes:
        texts = [_text(attribute, document, names, sight) for document in (left, right)]
        rows.append(compare_texts(attribute.title, *texts))
    for collection in spec.collections:
        lists = [
            [show_any(spec, collection.name, [item], names) for item in shown or ()]
            for shown in (sight.value(collection.name, d.get(collection.name)) for d in (left, right))
        ]
        rows += compare_lists(collection.title, *lists)
    kinds = {"left": "one", "right": "one"}
    grouped = [(title, [r for r in rows if kinds.get(r.kind, r.kind) == kind]) for kind, title in SECTIONS]
    return [(title, own) for title, own in grouped if own]


def _text(attribute: Attribute, document: Document, names: Names, sight: Sight) -> str:
    return show(attribute, sight.value(attribute.name, document.get(attribute.name)), names).text
