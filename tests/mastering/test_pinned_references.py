"""Who was made to refer to a record by hand: found by the index of pinned values, whatever else is pinned."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from apps.golden.models import GoldenRecord
from apps.mastering.models import Pin
from apps.mastering.services.pinned import pinned_to
from tests.hub import NOW

pytestmark = pytest.mark.django_db


def record(entity: str, status: str = "live") -> UUID:
    row = GoldenRecord.objects.create(
        id=uuid4(), entity=entity, code=uuid4().hex[:12], status=status, created_at=NOW, updated_at=NOW
    )
    return row.pk


def pin(owner: UUID, attribute: str, value: object, *, ended: bool = False) -> None:
    Pin.objects.create(
        record_id=owner,
        attribute=attribute,
        value=value,
        reason="told by phone",
        pinned_at=NOW,
        ended_at=NOW + timedelta(hours=1) if ended else None,
    )


def test_references_and_items_are_found_and_nothing_else() -> None:
    target, other = record("customer"), record("customer")
    child, engagement, gone = record("customer"), record("engagement"), record("engagement", "retired")
    pin(child, "parents", [{"kind": "billing", "parent": str(target)}])
    pin(child, "legal_name", str(target)[:8])
    pin(engagement, "customer", str(target))
    pin(gone, "customer", str(target))
    pin(other, "parent", str(target), ended=True)
    assert pinned_to([target]) == {"customer": [child], "engagement": [engagement]}
    assert pinned_to([other]) == {}
    assert pinned_to([]) == {}


def test_other_pins_are_not_read() -> None:
    target, owner = record("customer"), record("customer")
    rows = [
        Pin(
            record_id=owner,
            attribute=f"a{number}",
            value=[{"kind": "billing", "parent": str(uuid4())}],
            reason="many",
            pinned_at=NOW,
        )
        for number in range(3_000)
    ]
    Pin.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mastering_pin")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM unnest(%s::jsonb[]) AS w(value)"
            " JOIN mastering_pin p ON p.value @> w.value AND p.ended_at IS NULL",
            ([f'[{{"parent": "{target}"}}]'],),
        )
        plan = "\n".join(row[0] for row in cursor)
    assert "pin_value" in plan
    assert "Seq Scan" not in plan
