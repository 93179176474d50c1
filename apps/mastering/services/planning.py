"""Compute what golden records would be: reads only, a frozen plan out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.golden.documents import follow_reference, load_documents, load_headers
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.changes import change_of
from apps.mastering.contending import contenders_of
from apps.mastering.contracts import Assumed, Held, Move, Plan, Redirect
from apps.mastering.cycles import knots_of, referring_documents, refuse_own_places, refused_beside, untie
from apps.mastering.engine.ownership import Ownership
from apps.mastering.engine.survivorship import COMPUTED, Survivors, lines_of, survivors_of
from apps.mastering.engine.trust import Survivorship
from apps.mastering.keeping import kept_documents
from apps.mastering.selectors import active_ownership, active_survivorship
from apps.mastering.services.pinned import Pins, pins_of

NOTHING_HELD: Held = {}


def plan_records(
    *,
    spec: EntitySpec,
    record_ids: Iterable[UUID],
    now: datetime,
    moves: Sequence[Move] = (),
    redirects: Sequence[Redirect] = (),
    pins: Pins | None = None,
    remembered: Mapping[UUID, Document] | None = None,
    ownership: Ownership | None = None,
    survivorship: Survivorship | None = None,
    assumed: Assumed | None = None,
    lock: bool = True,
    held: Held = NOTHING_HELD,
) -> Plan:
    """Plan these golden records as if `moves` had happened; an id without a golden record is a new one.

    `pins` are tried besides the stored ones (a proposal); `remembered` are documents from before a merge that is
    undone; `ownership` and `survivorship` are tried in place of the active rules, `assumed` in place of what is stored
    (simulations); `lock` holds the records until the transaction ends, so that what is planned is what is applied;
    `held` says what references an approver decides on stay at.
    Records whose references lead to one another are planned along, after those that were asked for: which of them
    stands is decided among all. A constant number of statements, whatever the number of records.
    """
    asked = sorted({*record_ids, *(move.record_id for move in moves)})
    merging = {redirect.loser: redirect.survivor for redirect in redirects}
    owners, surviving = ownership or active_ownership(), survivorship or active_survivorship()
    along: set[UUID] = set()
    while True:
        again = refused_beside(spec, {*asked, *along, *merging})
        along |= again - set(asked) - set(merging)
        ids = [*asked, *sorted(along)]
        headers = load_headers(ids, lock=lock)  # versions count on from here
        before = load_documents(spec, ids)
        contenders = contenders_of(spec, ids, moves, assumed.homes if assumed else None)
        pinned = pins_of(spec, ids, tried=pins or {}, moves=moves, redirects=redirects, now=now)
        lines = {
            record: lines_of(spec, contenders.get(record, ()), owners, pinned.get(record, {}), surviving)
            for record in ids
        }
        survivors = {record: survivors_of(lines[record], pinned.get(record, {})) for record in contenders}
        _follow_derived(spec, survivors.values(), assumed.documents if assumed else {})
        _drop_self_references(spec, survivors)
        refused = refuse_own_places(spec, survivors)
        referring = referring_documents(spec, survivors, held, merging)
        knots = knots_of(spec, referring, merging)
        if not (more := set().union(*knots) - set(ids) - set(merging)):
            break
        along |= more
    memories = remembered or {}
    kept = kept_documents(spec, [each for each in ids if each not in survivors], before, memories, merging)
    refused += untie(spec, knots, survivors, kept | referring, held, contenders, pinned)
    changes = tuple(
        change_of(
            spec,
            record,
            headers.get(record),
            before.get(record, {}),
            survivors.get(record),
            kept=kept.get(record, {}),
            remembered=memories.get(record, {}),
            now=now,
        )
        for record in ids
    )
    return Plan(
        spec.name,
        changes,
        tuple(moves),
        tuple(redirects),
        tuple(refused),
        asked_again=again,
        lines=tuple(lines.items()),
        held=held,
        again=lambda held: plan_records(
            spec=spec,
            record_ids=asked,
            now=now,
            moves=moves,
            redirects=redirects,
            pins=pins,
            remembered=remembered,
            ownership=owners,
            survivorship=surviving,
            assumed=assumed,
            lock=lock,
            held=held,
        ),
    )


def _follow_derived(
    spec: EntitySpec, survivors: Iterable[Survivors], assumed: Mapping[UUID, Document]
) -> None:
    """Set attributes that follow a reference (a project's customer is its engagement's)."""
    listed = list(survivors)
    for attribute in spec.attributes:
        if not attribute.derived or attribute.derived == COMPUTED:
            continue
        reference, _, followed = attribute.derived.partition(".")
        target = entity(spec.attribute(reference).references)
        held = [each.document[reference] for each in listed if each.document.get(reference)]
        found = follow_reference(target, followed, held)
        found |= {key: assumed[UUID(key)].get(followed) for key in held if assumed and UUID(key) in assumed}
        for each in listed:
            value = found.get(each.document.get(reference, ""))
            if value is not None:
                each.document[attribute.name] = value
                each.provenance[attribute.name] = {"rule": f"follows {attribute.derived}"}


def _drop_self_references(spec: EntitySpec, survivors: Mapping[UUID, Survivors]) -> None:
    """Leave out a reference that a merge turned upon the record itself: parent and child became one."""
    names = [attribute.name for attribute in spec.references() if attribute.references == spec.name]
    for record, each in survivors.items():
        for name in names:
            if each.document.get(name) == str(record):
                del each.document[name]
                each.provenance.pop(name, None)
