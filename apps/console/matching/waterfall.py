"""The evidence on two records as a waterfall: prior, one bar per attribute, total, threshold lines. Pure geometry."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.console.masking import MASK
from apps.console.values import title_of
from apps.golden.spec import EntitySpec
from apps.matching.selectors import AttributeTold, PairExplanation

ROW = 22
TOP = 18
LABEL = 118
NUMBER = 44
PAD = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One step, in pixels of the picture; `tone` is plus, minus, start or total."""

    title: str
    words: str
    bits: float
    tone: str
    y: float
    x: float
    width: float
    link: float
    """Where the bar ends: the next one begins there."""

    @property
    def middle(self) -> float:
        return self.y + ROW / 2 + 4

    @property
    def top(self) -> float:
        return self.y + 4

    @property
    def below(self) -> float:
        return self.y + ROW + 4


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold."""

    x: float
    name: str
    bits: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole drawing; `summary` says the same in words."""

    width: float
    height: float
    bars: list[Bar]
    lines: list[Line]
    summary: str

    @property
    def number_x(self) -> float:
        return self.width - 2

    @property
    def line_end(self) -> float:
        return self.height - 2

    @property
    def bar_height(self) -> float:
        return ROW - 8


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute as the table beside the picture shows it."""

    title: str
    told: AttributeTold
    left: str
    right: str
    left_raw: str
    right_raw: str

    @property
    def kind(self) -> str:
        return self.told.kind


def attribute_title(spec: EntitySpec, attribute: str, paths: Sequence[str]) -> str:
    """Return how a compared attribute is called on screen: "E-mail (domain)", "Addresses: city"."""
    name, _, column = paths[0].partition(".")
    part = attribute.partition(".")[2]
    title = title_of(spec, name) + (f": {column}" if column else "") + (f" ({part})" if part else "")
    return title[:1].upper() + title[1:]


def rows_of(spec: EntitySpec, pair: PairExplanation) -> list[Row]:
    """Return the compared attributes, what counts most first, what is missing on both sides left out."""
    found = []
    for each in pair.attributes:
        if not each.masked and not (each.left or each.right):
            continue
        texts = [each.left, each.right, each.left_raw, each.right_raw]
        shown = [MASK] * 4 if each.masked else [", ".join(text) for text in texts]
        found.append(Row(attribute_title(spec, each.attribute, each.paths), each, *shown))
    return sorted(found, key=lambda row: -abs(row.told.contribution or 0.0))


def picture_of(spec: EntitySpec, pair: PairExplanation, *, width: int = 420) -> Picture | None:
    """Return the drawing; None where part of the evidence is hidden, so that nothing can be read off it."""
    if pair.total is None or pair.masked or pair.rule_version is None:
        return None
    steps: list[tuple[str, str, float, str]] = [("Before looking", "", pair.prior, "start")]
    for row in rows_of(spec, pair):
        bits = row.told.contribution or 0.0
        if bits:
            steps.append((row.title, row.kind, bits, "plus" if bits > 0 else "minus"))
    if pair.correction:
        steps.append(("Taken together", "", pair.correction, "plus" if pair.correction > 0 else "minus"))
    edges = [0.0]
    for _, _, bits, _ in steps:
        edges.append(edges[-1] + bits)
    low = min(*edges, pair.review_weight) - 1
    high = max(*edges, pair.match_weight) + 1
    scale = (width - LABEL - NUMBER - 2 * PAD) / (high - low)

    def at(bits: float) -> float:
        return round(LABEL + PAD + (bits - low) * scale, 1)

    bars = [
        Bar(
            title, words, round(bits, 1), tone, TOP + number * ROW, at(min(before, after)),
            max(round(abs(bits) * scale, 1), 1.5), at(after),
        )
        for number, ((title, words, bits, tone), before, after) in enumerate(zip(steps, edges, edges[1:], strict=False))
    ]  # fmt: skip
    end = TOP + len(bars) * ROW
    total = round(pair.total, 1)
    zero = at(0.0)
    bars.append(
        Bar("Total", pair.band.lower().replace("_", " "), total, "total", end, min(zero, at(pair.total)),
            max(abs(at(pair.total) - zero), 1.5), at(pair.total))
    )  # fmt: skip
    lines = [Line(at(pair.review_weight), "review", round(pair.review_weight, 1))]
    lines.append(Line(at(pair.match_weight), "match", round(pair.match_weight, 1)))
    said = "; ".join(f"{bar.title} {bar.bits:+.1f}" for bar in bars[:-1])
    summary = (
        f"{said}. Total {total:+.1f} bits: {pair.band.lower().replace('_', ' ')}; "
        f"review from {lines[0].bits:+.1f}, match from {lines[1].bits:+.1f}."
    )
    return Picture(float(width), float(end + ROW + 4), bars, lines, summary)


_KINDS = {
    "equal": "equal",
    "near": "nearly equal",
    "partly": "somewhat alike",
    "different": "different",
    "missing": "missing",
}


def wishes_of(spec: EntitySpec, pair: PairExplanation, limit: int = 6) -> list[str]:
    """Return what would change the answer, the smallest change first, in sentences."""
    found = []
    for each in pair.alternatives[:limit]:
        title, band = attribute_title(spec, each.attribute, each.paths), each.band.lower().replace("_", " ")
        how = _KINDS[each.kind]
        if 2 <= each.level < 9:
            how += f" (similarity from {each.similarity:.2f})"
        start = f"{title}, which a side lacks, were {how}" if each.was_missing else f"{title} were {how}"
        found.append(f"If {start}: {each.change:+.1f} bits, {band} ({each.probability:.1%}).")
    if pair.probability is not None and pair.rule_version is not None:
        if pair.band != "MATCH":
            found.append(f"If the match threshold were {pair.probability:.2%} or less: match.")
        elif pair.probability < 0.9999:
            found.append(f"If the match threshold were above {pair.probability:.2%}: review.")
    return found
