"""What was written to a golden record, by whom, and what became of it, ready for a template."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps.console.golden.header import RecordHead
from apps.console.masking import Sight
from apps.console.values import Names, names_of, reference_ids, show_any, title_of
from apps.golden.spec import EntitySpec
from apps.mastering.explaining import Write, writes_of
from apps.mastering.services import differs

UNHEARD = 8
"""Writes without effect that the first page of a record shows."""


@dataclass(frozen=True, slots=True)
class ShownWrite:
    """One write of one group: `tried` are (attribute, value) pairs of what was not accepted."""

    at: datetime
    writer: str
    key: str
    actor: str
    group: str
    verdict: str
    rule: str
    tried: tuple[tuple[str, str], ...]
    current: bool
    flags: tuple[str, ...]


def shown_write(spec: EntitySpec, write: Write, names: Names, sight: Sight) -> ShownWrite:
    tried = tuple(
        (title_of(spec, name), show_any(spec, name, sight.value(name, value), names))
        for name, value in write.tried.items()
    )
    return ShownWrite(
        at=write.at,
        writer=write.writer,
        key=write.key,
        actor=write.actor,
        group=f"{write.group} {write.legal_entity}".strip(" *"),
        verdict=write.verdict,
        rule=f"{write.rule} v{write.version}",
        tried=tried,
        current=write.current,
        flags=write.flags,
    )


def unheard_of(head: RecordHead, names: Names) -> list[ShownWrite]:
    """Return the newest writes that were not accepted and say something else, and those that were flagged."""
    found = []
    for each in writes_of(record_id=head.id):
        other = {n: v for n, v in each.tried.items() if differs(head.spec, n, v, head.document.get(n))}
        if each.flags or (each.verdict != "accept" and other):
            found.append(replace(each, tried=other))
    return [shown_write(head.spec, each, names, head.sight) for each in found[:UNHEARD]]


def writes_shown(head: RecordHead) -> list[ShownWrite]:
    """Return every write to a record that is kept, newest first."""
    writes = writes_of(record_id=head.id)
    names = _names(head.spec, writes, clear=head.sight.clear)
    return [shown_write(head.spec, each, names, head.sight) for each in writes]


def _names(spec: EntitySpec, writes: Sequence[Write], *, clear: bool) -> Names:
    return names_of(reference_ids(spec, *(dict(each.tried) for each in writes)), clear=clear)
