"""Dead letters: why, whose and until when; replay and skip, with a reason, in order, with the same keys."""

import pytest

from apps.audit.models import AuditEvent
from apps.connectors.models import Mapping
from apps.distribution.contracts import DeadLetterFilter
from apps.distribution.models import DeliveryAttempt, Lane, Subscription
from apps.distribution.selectors import count_dead_letters, dead_letter_codes, dead_letters
from apps.distribution.services import replay_dead_letters, skip_dead_letter
from apps.distribution.services.dead_letters import NoReason, NotParked
from tests.distribution.golden import STEWARD, T0, Target, change, customer, lane_of, new_record, seconds

pytestmark = pytest.mark.django_db


def test_a_permanent_refusal_is_parked_with_payload_reason_owner_and_due_time(erp: Target) -> None:
    record = new_record(customer("Acme Ltd"))
    erp.server.arm("duplicate")
    assert erp.deliver().outcomes == {"parked": 1}
    (letter,) = dead_letters(now=T0 + seconds(60))
    assert (letter.record_id, letter.connection, letter.entity, letter.seq) == (
        record.pk,
        "netsuite",
        "customer",
        1,
    )
    assert (letter.owner, letter.title, letter.overdue) == ("steward", "Acme Ltd", False)
    assert (letter.due_at - letter.parked_at).total_seconds() == 24 * 3600
    assert letter.payload is not None
    assert letter.payload["companyName"] == "Acme Ltd"
    assert letter.reason != ""
    assert dead_letters(now=letter.due_at + seconds(1))[0].overdue
    assert erp.deliver(at=9 * 24 * 3600).claimed == 0


def test_a_value_the_mapping_refuses_is_parked_without_a_call_and_cured_by_the_next_version(
    erp: Target,
) -> None:
    record = new_record(customer("A" * 84))
    assert erp.deliver().outcomes == {"parked": 1}
    lane = lane_of(record)
    assert lane.park_code == "mapping_error"
    assert lane.park_reason == "legal_name: has 84 characters, the target takes 83"
    assert erp.server.effects() == []
    change(record, customer("A" * 83))
    assert erp.deliver(at=2).outcomes == {"created": 1}
    assert count_dead_letters(DeadLetterFilter()) == 0


def test_replay_says_first_how_many_then_sends_them_in_order_with_the_same_keys(erp: Target) -> None:
    erp.limits(max_inflight=1)
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(4)]
    erp.server.arm("duplicate", times=4)
    erp.deliver()
    for place, record in enumerate(reversed(records)):
        Lane.objects.filter(record=record).update(parked_at=T0 + seconds(place))
    matching = DeadLetterFilter(connection="netsuite", code=lane_of(records[0]).park_code)
    dry = replay_dead_letters(matching=matching, actor=STEWARD, reason="cleaned up", now=T0, dry_run=True)
    assert (dry.count, dry.dry_run, erp.deliver(at=50).claimed) == (4, True, 0)
    report = replay_dead_letters(matching=matching, actor=STEWARD, reason="cleaned up", now=T0 + seconds(60))
    assert report.lanes == dry.lanes
    assert erp.deliver(at=61).outcomes == {"created": 4}
    order = [effect.ext_id for effect in erp.server.effects()]
    assert order == [str(record.pk) for record in reversed(records)]
    for record in records:
        assert DeliveryAttempt.objects.filter(record_id=record.pk).values("key").distinct().count() == 1
    deed = AuditEvent.objects.get(verb="dead_letters.replayed")
    assert (deed.actor, deed.reason, deed.detail["count"]) == ("ada", "cleaned up", 4)


def test_replay_of_chosen_lanes_leaves_the_others_parked(erp: Target) -> None:
    records = [new_record(customer(f"Number {number} Ltd")) for number in range(3)]
    erp.server.arm("duplicate", times=3)
    erp.deliver()
    chosen = lane_of(records[1])
    report = replay_dead_letters(lanes=[chosen.pk, 10**9], actor=STEWARD, reason="this one", now=T0)
    assert report.lanes == (chosen.pk,)
    assert erp.deliver(at=2).outcomes == {"created": 1}
    assert count_dead_letters(DeadLetterFilter()) == 2


def test_skip_gives_the_version_up_and_later_ones_go_as_usual(erp: Target) -> None:
    record = new_record(customer("Twin Ltd"))
    erp.server.arm("duplicate")
    erp.deliver()
    lane = lane_of(record)
    skip_dead_letter(lane=lane.pk, actor=STEWARD, reason="kept by hand over there", now=T0 + seconds(5))
    assert erp.deliver(at=10).claimed == 0
    assert erp.outcomes(record) == ["parked", "skipped"]
    with pytest.raises(NotParked):
        skip_dead_letter(lane=lane.pk, actor=STEWARD, reason="again", now=T0)
    change(record, customer("Twin Two Ltd"))
    assert erp.deliver(at=11).outcomes == {"created": 1}


def test_both_want_a_reason_and_change_nothing_without(erp: Target) -> None:
    record = new_record(customer())
    erp.server.arm("duplicate")
    erp.deliver()
    with pytest.raises(NoReason):
        replay_dead_letters(matching=DeadLetterFilter(), actor=STEWARD, reason="  ", now=T0)
    with pytest.raises(NoReason):
        skip_dead_letter(lane=lane_of(record).pk, actor=STEWARD, reason="", now=T0)
    assert lane_of(record).parked_at is not None
    assert AuditEvent.objects.filter(verb__startswith="dead_letter").count() == 0


def test_a_parent_that_no_subscription_brings_there_is_said_so(erp: Target) -> None:
    Subscription.objects.update(entity="resource", mapping="netsuite.customer")
    parent = new_record({"name": "x"}, entity="customer")
    record = new_record(customer(parent=str(parent.pk)), entity="resource")
    erp.deliver()
    lane = lane_of(record)
    assert lane.park_code == "parent_not_distributed"
    assert lane.park_reason == "parent: no subscription carries customer records to this target; add one."


def test_without_an_active_mapping_lanes_are_parked_and_come_back_by_replay(erp: Target) -> None:
    new_record(customer())
    active = Mapping.objects.filter(name="netsuite.customer", status="active")
    ids = list(active.values_list("pk", flat=True))
    active.update(status="retired")
    erp.deliver()
    assert dead_letter_codes() == {"no_active_mapping": 1}
    Mapping.objects.filter(pk__in=ids).update(status="active")
    replay_dead_letters(matching=DeadLetterFilter(), actor=STEWARD, reason="mapping is back", now=T0)
    assert erp.deliver(at=2).outcomes == {"created": 1}
