"""What may be told to those who may not see personal attributes: nothing computed from one but the band.

How alike two hidden values are tells them as soon as one of the two is known, or can be posted: similarity, level,
bits, totals, shared blocking keys and conflicts of personal attributes are left out, not only their values.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from apps.golden.spec import Document, EntitySpec
from apps.matching.engine import Config
from apps.matching.selectors.told import (
    AttributeTold,
    ClusterExplanation,
    MemberTold,
    PairExplanation,
    PairLine,
    RecordTold,
)


@lru_cache(maxsize=64)
def personal_paths(spec: EntitySpec) -> frozenset[str]:
    """Return "attribute" and "collection.column" of everything personal."""
    own = {each.name for each in spec.attributes if each.personal}
    items = {f"{c.name}.{column.name}" for c in spec.collections for column in c.columns if column.personal}
    return frozenset(own | items)


def paths_of(spec: EntitySpec, config: Config, attribute: str) -> tuple[str, ...]:
    """Return where the values of a compared attribute come from, as paths of the spec."""
    known = {feature.name: feature.path for feature in spec.match.features}
    return tuple(known.get(source, source) for source in config.attribute(attribute).sources)


def hides(spec: EntitySpec, paths: Iterable[str]) -> bool:
    return not personal_paths(spec).isdisjoint(paths)


def hides_strength(spec: EntitySpec, *, clear: bool) -> bool:
    """Tell whether how alike two records are is hidden: it would tell how alike their personal values are."""
    return not clear and hides(spec, (feature.path for feature in spec.match.features))


def hidden_attributes(spec: EntitySpec, config: Config) -> frozenset[str]:
    """Return the engine's attributes that are made of something personal."""
    return frozenset(a.name for a in config.attributes if hides(spec, paths_of(spec, config, a.name)))


def without_personal(spec: EntitySpec, values: Document) -> tuple[Document, tuple[str, ...]]:
    """Return values without what is personal, and the paths that were left out."""
    personal, kept, left_out = personal_paths(spec), dict[str, Any](), []
    for name, value in values.items():
        if name in personal:
            left_out.append(name)
        elif isinstance(value, list):
            columns = {path.partition(".")[2] for path in personal if path.startswith(f"{name}.")}
            left_out += sorted({f"{name}.{column}" for item in value for column in columns & item.keys()})
            kept[name] = [{c: v for c, v in item.items() if c not in columns} for item in value]
        else:
            kept[name] = value
    return kept, tuple(left_out)


def masked_record(spec: EntitySpec, record: RecordTold) -> RecordTold:
    return replace(record, home_title="") if spec.title_attribute in personal_paths(spec) else record


def masked_attribute(attribute: AttributeTold) -> AttributeTold:
    return replace(
        attribute, left_raw=(), right_raw=(), left=(), right=(), left_compared=(), right_compared=(), similarity=None,
        level=None, level_weight=None, rarity=None, damping=None, contribution=None, masked=True,
    )  # fmt: skip


def masked_line(spec: EntitySpec, line: PairLine) -> PairLine:
    left, right = masked_record(spec, line.left), masked_record(spec, line.right)
    return replace(line, left=left, right=right, weight=None, probability=None)


def masked_pair(spec: EntitySpec, found: PairExplanation, hidden: frozenset[str]) -> PairExplanation:
    """Return an explanation without anything that tells a personal value; unchanged where nothing personal counts."""
    left, right = masked_record(spec, found.left), masked_record(spec, found.right)
    if not hidden:
        return replace(found, left=left, right=right)
    stored = found.stored and replace(found.stored, weight=None, probability=None)
    return replace(
        found,
        left=left,
        right=right,
        attributes=tuple(masked_attribute(a) if a.attribute in hidden else a for a in found.attributes),
        correction=None,
        total=None,
        probability=None,
        alternatives=(),
        decisive=(),
        passes=tuple(
            each
            for each in found.passes
            if hidden.isdisjoint(part.partition(":")[0] for part in each.name.split(" & "))
        ),
        keys=tuple(each for each in found.keys if not hides(spec, each.attributes)),
        conflicts=tuple(
            each for each in found.conflicts if not _conflict_hidden(spec, each.path.partition(":")[0])
        ),
        stored=stored,
        reasons=tuple(each for each in found.reasons if each.code in OPEN_REASONS),
        masked=tuple(sorted(hidden)),
    )


OPEN_REASONS = frozenset({"one_record", "must_match", "never_match", "never_match_between_others", "waits"})
"""Reasons that follow from decisions and membership, which everybody sees, not from values."""


def _conflict_hidden(spec: EntitySpec, collection: str) -> bool:
    return any(path == collection or path.startswith(f"{collection}.") for path in personal_paths(spec))


def masked_cluster(spec: EntitySpec, found: ClusterExplanation, hidden: frozenset[str]) -> ClusterExplanation:
    """Return how a cluster is held without the strength of its links where something personal is compared."""
    title = "" if spec.title_attribute in personal_paths(spec) else found.title
    if not hidden:
        return replace(found, title=title)

    def member(each: MemberTold) -> MemberTold:
        strongest = each.strongest and masked_line(spec, each.strongest)
        return replace(each, record=masked_record(spec, each.record), strongest=strongest)

    edges = tuple(replace(each, line=masked_line(spec, each.line)) for each in found.edges)
    weakest = found.weakest and replace(found.weakest, line=masked_line(spec, found.weakest.line))
    return replace(
        found,
        title=title,
        members=tuple(member(each) for each in found.members),
        edges=edges,
        weakest=weakest,
        masked=tuple(sorted(hidden)),
    )
