"""What the tuning studio shows: the picture's figures, the table of weights, blocking, pairs at a score."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log2
from typing import Any
from uuid import UUID

from apps.console.masking import MASK, Sight
from apps.console.matching.waterfall import attribute_title
from apps.golden.models import GoldenRecord
from apps.golden.spec import EntitySpec
from apps.matching.models import MatchRule, PairSnapshot
from apps.matching.rule import Rule
from apps.matching.selectors import BandCounts, PairAt, StudioView
from apps.quality.selectors import standardized_values
from apps.sources.models import Crosswalk

REACH, STEP, BAR = 20, 0.05, 0.5


@dataclass(frozen=True, slots=True)
class WeightCell:
    """What one level of one attribute counts, in bits, with the shares it is learned from."""

    level: int
    bits: float
    m: float
    u: float


@dataclass(frozen=True, slots=True)
class WeightRow:
    """One compared attribute; `fixed`: a person set the bits; `by_rarity`: rare equal values count more."""

    name: str
    title: str
    comparator: str
    group: str
    cells: tuple[WeightCell, ...]
    fixed: bool
    by_rarity: bool
    scale: float


def weight_rows(spec: EntitySpec, rule: Rule) -> list[WeightRow]:
    """Return the weights of a rule by attribute, levels 1 (different) to 9 (equal)."""
    paths = {feature.name: feature.path for feature in spec.match.features}
    rows = []
    for each in rule.config.compared:
        model = rule.model.attributes[each.name]
        cells = tuple(
            WeightCell(level, round(float(model.weights[level]), 1), float(m), float(u))
            for level, (m, u) in enumerate(zip(model.m, model.u, strict=True), start=1)
        )
        sources = tuple(paths.get(source, source) for source in each.sources)
        rows.append(
            WeightRow(
                each.name,
                attribute_title(spec, each.name, sources),
                each.comparator,
                each.group,
                cells,
                bool(model.fixed),
                model.by_rarity,
                round(model.scale, 2),
            )
        )
    return rows


def bits_of(probability: float) -> float:
    return round(log2(probability / (1 - probability)), 2)


def picture(view: StudioView, rule: Rule, counts: BandCounts) -> dict[str, Any]:
    """Return what the script draws: bins in steps of log-odds, thresholds in bits, exact counts to begin with."""
    return {
        "reach": REACH,
        "step": STEP,
        "bar": BAR,
        "bins": view.bins(),
        "match": bits_of(rule.config.match_threshold),
        "review": bits_of(rule.config.review_threshold),
        "unfound": {"match": view.unfound.get("match", 0), "never": view.unfound.get("never", 0)},
        "counts": asdict(counts),
    }


def blocking_rows(snapshot: PairSnapshot) -> list[dict[str, Any]]:
    """Return the passes by what only they find; shares are added."""
    rows = [
        {**row, "over_share": row["over_cap"] / row["keys"] if row["keys"] else 0.0}
        for row in snapshot.blocking
    ]
    return sorted(rows, key=lambda row: (-row["only_matches"], -row["matches"], -row["pairs"]))


@dataclass(frozen=True, slots=True)
class Example:
    """One pair side by side: (attribute, left, right, same) rows and who the two are."""

    pair: PairAt
    left: str
    right: str
    left_home: GoldenRecord | None
    right_home: GoldenRecord | None
    rows: tuple[tuple[str, str, str, bool], ...]

    @property
    def left_asked(self) -> str:
        """Return the left record as the explanation asks for it."""
        return self.left.replace(" ", ":", 1)

    @property
    def right_asked(self) -> str:
        return self.right.replace(" ", ":", 1)


def examples_of(spec: EntitySpec, sight: Sight, pairs: Sequence[PairAt]) -> list[Example]:
    """Return pairs as people read them, personal values masked by role."""
    ids = [record for pair in pairs for record in (pair.left, pair.right)]
    documents = standardized_values(ids=ids)
    known = {row.source_record_id: row for row in Crosswalk.objects.filter(pk__in=ids)}
    headers = GoldenRecord.objects.in_bulk([row.record_id for row in known.values()])
    paths = list(dict.fromkeys(feature.path for feature in spec.match.features))

    def label(record: UUID) -> str:
        row = known.get(record)
        return f"{row.system_id} {row.key}" if row else str(record)

    def home(record: UUID) -> GoldenRecord | None:
        row = known.get(record)
        return headers.get(row.record_id) if row else None

    found = []
    for pair in pairs:
        rows = []
        for path in paths:
            one, other = (_shown(sight, documents.get(side, {}), path) for side in (pair.left, pair.right))
            if one or other:
                rows.append(
                    (path.replace(".", " ").replace("_", " "), one, other, one.casefold() == other.casefold())
                )
        found.append(
            Example(pair, label(pair.left), label(pair.right), home(pair.left), home(pair.right), tuple(rows))
        )
    return found


def _shown(sight: Sight, document: dict[str, Any], path: str) -> str:
    name, _, column = path.partition(".")
    value = document.get(name)
    if value is None:
        return ""
    if sight.hides(name, column) or (column and sight.hides(name)):
        return MASK
    if column:
        return ", ".join(dict.fromkeys(str(i[column]) for i in value if i.get(column) is not None))
    return f"{value['system']} {value['key']}" if isinstance(value, dict) else str(value)


def shown_version(rows: Sequence[MatchRule], wanted: str) -> MatchRule:
    """Return the version asked for, else the newest draft, else the active one."""
    for row in rows:
        if wanted and str(row.version) == wanted:
            return row
    drafts = [row for row in rows if row.status == "draft"]
    return drafts[0] if drafts else next(row for row in rows if row.is_active)
