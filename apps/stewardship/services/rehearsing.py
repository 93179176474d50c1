"""Rehearse a merge or an unmerge: the verb itself, looked at in its transaction, then taken back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import acting, current
from apps.core.bulk import raw_cursor
from apps.core.ids import uuid7
from apps.mastering.contracts import Choices, Parting
from apps.mastering.services import find_vetoes, mergeable_spec, refuse_vetoed, take_turn
from apps.stewardship.authority import demand
from apps.stewardship.services.merges import merge_sets
from apps.stewardship.services.parting import offers_for, part_members

PATIENCE = "15s"
"""How long a rehearsal waits for a batch that the pipeline is working on."""


@contextmanager
def rehearse_merge(*, record_ids: Sequence[UUID], now: datetime) -> Iterator[tuple[UUID, UUID]]:
    """Merge and take it back when the block ends; gives (survivor, correlation id of all that it wrote).

    Raises what `merge_records` raises, but for vetoes that an approver may lift.
    """
    with _taken_back() as correlation_id:
        ids = list(record_ids)
        spec = mergeable_spec(ids)
        [vetoes] = find_vetoes(spec, [ids])
        refuse_vetoed(vetoes, override=True)
        [survivor] = merge_sets(spec, [ids], method="steward", reason="rehearsal", now=now)
        _check_constraints()
        yield survivor, correlation_id


@contextmanager
def rehearse_unmerge(
    *,
    now: datetime,
    merge_id: UUID | None = None,
    record_id: UUID | None = None,
    source_record_ids: Sequence[UUID] = (),
    choices: Choices,
) -> Iterator[tuple[Parting, UUID]]:
    """Take members out and take it back when the block ends; gives who left, and the correlation id."""
    with _taken_back() as correlation_id:
        parting, offers = offers_for(
            merge_id=merge_id, record_id=record_id, source_record_ids=source_record_ids, choices=choices
        )
        part_members(parting, offers, choices, reason="rehearsal", now=now)
        _check_constraints()
        yield parting, correlation_id


@contextmanager
def _taken_back() -> Iterator[UUID]:
    demand(Capability.DECIDE)
    with transaction.atomic():
        with raw_cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", (PATIENCE,))
        take_turn()
        with acting(current().actor, reason="rehearsal", correlation_id=uuid7()) as block:
            yield block.correlation_id
        transaction.set_rollback(True)


def _check_constraints() -> None:
    """Let the database refuse now what it would refuse at commit."""
    with raw_cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
