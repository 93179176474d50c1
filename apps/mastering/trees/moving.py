"""What a re-organisation would do: the trees it touches before and after, and the values to propose."""

from datetime import date
from typing import Any

from apps.core.errors import Conflict
from apps.golden.spec import Document, EntitySpec
from apps.mastering.engine.places import ALWAYS, MAX_DEPTH, Place, Segment, cycle_through, segments
from apps.mastering.trees.building import tree_of
from apps.mastering.trees.contracts import MovePreview, When, trees_of
from apps.mastering.trees.placing import Places, tops


class WouldCloseACycle(Conflict):
    code = "tree_cycle"
    title = "A record cannot stand under one of its own"


def preview_move(
    spec: EntitySpec, record_id: str, kind: str, parent_id: str | None, when: When
) -> MovePreview:
    """Return the trees that a move touches. Raises WouldCloseACycle with the way that leads back."""
    refuse_cycle(spec, record_id, kind, parent_id, when.day)
    moved = {record_id: parent_id}
    named = [record_id, *([parent_id] if parent_id else ())]
    before = list(dict.fromkeys(tops(Places(spec, kind, when), named).values()))
    after = dict.fromkeys(tops(Places(spec, kind, when, moved), [*before, *named]).values())
    return MovePreview(
        before=tuple(tree_of(spec, root, kind, when) for root in before),
        after=tuple(tree_of(spec, root, kind, when, moved=moved) for root in after),
    )


def places_after_move(
    spec: EntitySpec, document: Document, kind: str, parent_id: str | None, first: date | None
) -> dict[str, Any]:
    """Return the values to propose so that a record stands under `parent_id` from day `first` on (None: always).

    A place that begins on a later day keeps its days: a re-organisation that is planned already stays planned.
    """
    trees = trees_of(spec, kind)
    if not trees.collection:
        return {trees.attribute: parent_id}
    start = first.isoformat() if first else None
    kept = [
        item
        for item in document.get(trees.collection, ())
        if (item["kind"], item.get("valid_from")) != (kind, start)
    ]
    place = {"kind": kind, "parent": parent_id, "valid_from": start}
    return {trees.collection: [*kept, {name: value for name, value in place.items() if value is not None}]}


def refuse_cycle(spec: EntitySpec, record_id: str, kind: str, parent_id: str | None, first: date) -> None:
    """Raise WouldCloseACycle if the parent stands under the record on that day or a later one."""
    if parent_id is None:
        return
    places = Places(spec, kind, When(first))
    above: dict[str, list[Segment]] = {record_id: [(parent_id, (first, ALWAYS[1]))]}
    frontier = {parent_id} - {record_id}
    for _ in range(MAX_DEPTH):
        if not frontier:
            break
        found: dict[str, list[Place]] = places.of(frontier)
        above |= {record: segments(found.get(record, ())) for record in frontier}
        frontier = {up for record in frontier for up, _ in above[record] if up} - set(above)
    way = cycle_through(record_id, above)
    if way:
        names = places.headers([record for record, _ in way])
        told = " → ".join(names.get(record, ("", record))[1] for record, _ in way)
        since = "" if way[-1][1][0] <= first else f" from {way[-1][1][0].isoformat()} on"
        raise WouldCloseACycle(f"It would stand above itself{since}: {told}. Move the other record first.")
