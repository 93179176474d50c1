"""What a target knew at a time is what it had acknowledged by then."""

import pytest

from apps.distribution.knowledge import known_to_targets
from tests.distribution.golden import T0, Target, change, customer, new_record, seconds

pytestmark = pytest.mark.django_db


def test_a_target_knew_the_newest_version_it_acknowledged(erp: Target) -> None:
    record = new_record(customer("One Ltd"))
    erp.deliver()
    change(record, customer("Two Ltd"), now=T0 + seconds(60))
    [known] = known_to_targets(record_id=record.pk, at=T0 + seconds(90))
    assert (known.seq, known.outcome) == (1, "created")
    assert known.fields is not None
    assert known.fields["companyName"] == "One Ltd"

    erp.deliver(at=120)
    [known] = known_to_targets(record_id=record.pk, at=T0 + seconds(150))
    assert (known.seq, known.fields["companyName"]) == (2, "Two Ltd")  # type: ignore[index]  # it was sent
    assert known_to_targets(record_id=record.pk, at=T0 - seconds(1)) == []
