"""A source record as it is compared: its keys, its clean values and what must not differ, as stored and as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID

import numpy as np

from apps.core.json import dumps, loads
from apps.golden.spec import Document, EntitySpec
from apps.matching.engine import Keys, Prepared, blocking_keys, clean_cells, prepare, prepared_of
from apps.matching.features import table_of
from apps.matching.rule import Rule
from apps.matching.vetoes import told_by


@dataclass(frozen=True, slots=True)
class Form:
    """What is stored of one record; `cells` (clean values) and `told` are JSON."""

    keys: tuple[int, ...]
    cells: str
    told: str
    fingerprint: int
    compared: bool = field(default=True, compare=False)

    @property
    def tells(self) -> dict[str, str]:
        told: dict[str, str] = loads(self.told)
        return told


def forms_of(spec: EntitySpec, rule: Rule, documents: Mapping[UUID, Document]) -> dict[UUID, Form]:
    """Prepare records from their standardized values; the same values give the same form, now and later."""
    ids = list(documents)
    prepared = prepare(table_of(spec, ids, list(documents.values())), rule.config)
    keys = keys_by_record(spec, rule, prepared)
    return {
        record: Form(
            tuple(own),
            dumps(cells).decode(),
            dumps(told_by(spec, documents[record])).decode(),
            rule.fingerprint,
        )
        for record, own, cells in zip(ids, keys, clean_cells(prepared), strict=True)
    }


def keys_by_record(spec: EntitySpec, rule: Rule, prepared: Prepared) -> list[list[int]]:
    """Return the signed 64-bit keys of each record, each once; entities never share one."""
    keys = blocking_keys(prepared, rule.config)
    found: list[dict[int, None]] = [{} for _ in range(prepared.n)]
    for row, key in zip(keys.row.tolist(), salted(spec.name, keys), strict=True):
        found[row][key] = None
    return [list(own) for own in found]


def salted(entity: str, keys: Keys) -> list[int]:
    """Return the keys as they are stored: signed, and never the same for two entities."""
    salt = int.from_bytes(blake2b(entity.encode(), digest_size=8).digest(), "big")
    stored: list[int] = (keys.key ^ np.uint64(salt)).view(np.int64).tolist()
    return stored


def restore(rule: Rule, forms: Sequence[Form]) -> Prepared:
    """Return stored records as the engine compares them; a form of another fingerprint is as good as empty."""
    names = [attribute.name for attribute in rule.config.attributes]
    nothing = [None] * len(names)
    cells = [loads(form.cells) if form.fingerprint == rule.fingerprint else nothing for form in forms]
    return prepared_of(names, cells)
