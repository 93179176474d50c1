"""The counts and samples of a run over a mapping: bounded, whatever the number of records."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.connectors.mappings import Path
from apps.core.json import dumps, loads
from apps.distribution.engine.masking import Masker
from apps.distribution.models import MappingRun
from apps.distribution.trying.effects import Effect

PER_CASE = 8
"""Samples of each field and kind of effect."""
MOST_SAMPLES = 240
TOLD = frozenset({"changed", "new", "refused", "cured"})


@dataclass(slots=True)
class Tally:
    counts: Counter[str]
    fields: dict[str, dict[str, int]]
    refused: dict[str, dict[str, Any]]
    losses: dict[str, dict[str, Any]]
    samples: list[dict[str, Any]]
    _cases: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, run: MappingRun) -> "Tally":
        tally = cls(Counter(run.counts), run.fields, run.refused, run.losses, run.samples)
        for sample in run.samples:
            tally._cases.update((sample["kind"], name) for name in sample["cases"])
        return tally

    def note(self, record: UUID, target: str, effect: Effect, masker: Masker) -> None:
        """Count one record, and keep it as a sample while its case has few."""
        self.counts["records"] += 1
        self.counts[effect.kind] += 1
        for each in effect.fields:
            counts = self.fields.setdefault(each.field, {})
            counts[each.kind] = counts.get(each.kind, 0) + 1
        for name, reason in effect.refusals:
            row = self.refused.setdefault(name, {"count": 0, "newly": 0, "example": masker.text(reason)})
            row["count"] += 1
            row["newly"] += effect.kind == "refused"
        for loss in effect.losses:
            told = f"{loss.sent} comes back as {loss.back}"
            example = "" if masker.is_personal(loss.attribute) else masker.text(told)
            row = self.losses.setdefault(
                loss.remote,
                {"count": 0, "attribute": loss.attribute, "reason": loss.reason, "example": example},
            )
            row["count"] += 1
        if effect.kind in TOLD:
            self._sample(record, target, effect, masker)

    def _sample(self, record: UUID, target: str, effect: Effect, masker: Masker) -> None:
        reasons = effect.refusals or effect.cures
        names = [each.field for each in effect.fields] + [name for name, _ in reasons] or [""]
        cases = [name for name in names if self._cases[effect.kind, name] < PER_CASE]
        if not cases or len(self.samples) >= MOST_SAMPLES:
            return
        self._cases.update((effect.kind, name) for name in cases)
        clear = [[each.field, each.before, each.after] for each in effect.fields]
        masked = [
            [each.field, _masked(masker, each.path, each.before), _masked(masker, each.path, each.after)]
            for each in effect.fields
        ]
        self.samples.append(
            loads(
                dumps(
                    {
                        "record": str(record),
                        "target": target,
                        "kind": effect.kind,
                        "cases": cases,
                        "fields": clear,
                        "masked": masked,
                        "refusals": [list(each) for each in reasons],
                        "refusals_masked": [[name, masker.text(why)] for name, why in reasons],
                    }
                )
            )
        )

    def told(self) -> dict[str, Any]:
        """Return the columns of the run."""
        return {
            "counts": dict(self.counts),
            "fields": self.fields,
            "refused": self.refused,
            "losses": self.losses,
            "samples": self.samples,
        }


def _masked(masker: Masker, path: Path, value: Any) -> Any:
    """Mask one field as the payload would be masked that holds it."""
    if value is None:
        return None
    body: dict[str, Any] = {}
    path.put(body, value)
    return path.get(masker.payload(body))
