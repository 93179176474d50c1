"""Values that people give: pinned at once, after approval, kept as evidence or refused, as rules and policy say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.core.errors import Conflict
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Plan
from apps.mastering.services import (
    InvalidPin,
    PersonalVerdict,
    Verdict,
    end_expired_pins,
    judge_values,
    plan_pin,
    plan_records,
    standardized_pins,
    take_turn,
    write_personal_verdict,
    write_pins,
)
from apps.stewardship.authority import answers_for, demand
from apps.stewardship.services.routing import apply_decision, route_plan, settled_plan

EXPIRED_AT_ONCE = 500
"""Pins that one transaction of the daily job ends."""


class WriteRefused(Conflict):
    code = "write_refused"
    title = "The ownership rules do not let people change this"

    def __init__(
        self, detail: str, *, entity_name: str, version: int, verdicts: list[PersonalVerdict]
    ) -> None:
        super().__init__(detail, rules={each.group: each.rule for each in verdicts})
        self.entity_name = entity_name
        self.version = version
        self.verdicts = verdicts

    def keep(self, *, record_id: UUID, values: Mapping[str, Any], now: datetime) -> None:
        """Store the refusal; outside of the transaction that it took back."""
        _keep_verdicts(record_id, self.entity_name, self.verdicts, values, self.version, now=now)


def propose_values(
    *,
    record_id: UUID,
    values: Mapping[str, Any],
    reason: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Plan:
    """Pin a steward's values on a golden record, at once or after approval; return what was applied.

    A value that overrules a system of record waits for that system's data owner, unless he gives it himself. The
    verdict on each group is kept, a refusal too. Raises InvalidPin for a value that is none, IllegalTransition,
    WriteRefused where rules reject people's values, NotFound for a record that is not live, Denied without the role.
    """
    try:
        return _propose(record_id, values, reason=reason, expires_at=expires_at, now=now)
    except WriteRefused as refusal:
        refusal.keep(record_id=record_id, values=values, now=now)
        raise


@transaction.atomic
def _propose(
    record_id: UUID, values: Mapping[str, Any], *, reason: str, expires_at: datetime | None, now: datetime
) -> Plan:
    demand(Capability.DECIDE)
    take_turn()
    if expires_at is not None and expires_at <= now:
        raise InvalidPin("The pin would have expired already; choose a later time.")
    plan = plan_pin(record_id=record_id, values=values, reason=reason, now=now)
    spec, version = entity(plan.entity), plan.lines[0][1].ownership.version
    pins = standardized_pins(spec, values)
    verdicts = [_of_owner(each) for each in judge_values(plan, pins)]
    refused = [each for each in verdicts if each.verdict is Verdict.REJECT]
    if refused:
        told = ", ".join(f"{each.group} (rule {each.rule} v{version})" for each in refused)
        raise WriteRefused(
            f"Not for people to change: {told}. Change it where it is owned.",
            entity_name=spec.name,
            version=version,
            verdicts=refused,
        )
    _keep_verdicts(record_id, spec.name, verdicts, pins, version, now=now)
    shadowed = {each.group for each in verdicts if each.verdict is Verdict.SHADOW}
    if shadowed:
        pins = {name: value for name, value in pins.items() if spec.group_of(name) not in shadowed}
        plan = _without(spec, record_id, pins, reason=reason, now=now)
    owners = {(record_id, each.group): each.owner for each in verdicts if each.verdict is Verdict.CHALLENGE}
    plan = settled_plan(plan=plan, owners=owners)
    routed = route_plan(
        plan=plan, now=now, pins=pins, pins_expire_at=expires_at, owners=owners, reason=reason
    )
    after, planned = routed.changes[0].after, plan.changes[0].after  # the record's own comes first
    free = {name: value for name, value in pins.items() if after.get(name) == planned.get(name)}
    write_pins(record_id=record_id, values=free, reason=reason, expires_at=expires_at, now=now)
    apply_decision(routed, now=now)
    return routed


def _of_owner(verdict: PersonalVerdict) -> PersonalVerdict:
    """Return the verdict, accepted where the owner himself gives the value."""
    if verdict.verdict is Verdict.CHALLENGE and answers_for(verdict.owner):
        return PersonalVerdict(verdict.group, Verdict.ACCEPT, verdict.rule, verdict.owner)
    return verdict


def _without(
    spec: EntitySpec, record_id: UUID, pins: Mapping[str, Any], *, reason: str, now: datetime
) -> Plan:
    """Plan the values that are left when others are only kept as evidence."""
    if pins:
        return plan_pin(record_id=record_id, values=pins, reason=reason, now=now)
    return plan_records(spec=spec, record_ids=[record_id], now=now)


def _keep_verdicts(
    record_id: UUID,
    entity_name: str,
    verdicts: list[PersonalVerdict],
    values: Mapping[str, Any],
    version: int,
    *,
    now: datetime,
) -> None:
    spec = entity(entity_name)
    judged = {each.group: (each.verdict.value, each.rule) for each in verdicts}
    write_personal_verdict(
        record_id=record_id,
        entity_name=entity_name,
        verdicts=judged,
        values={name: value for name, value in values.items() if spec.group_of(name) in judged},
        version=version,
        now=now,
    )


def release_expired_pins(*, now: datetime) -> int:
    """End pins whose time is over and compute their records again; return how many records. Run it daily.

    A transaction for every few hundred pins, so that it may be stopped at any time.
    """
    done = 0
    while ended := _release_some(now=now):
        done += ended
    return done


@transaction.atomic
def _release_some(*, now: datetime) -> int:
    take_turn()
    ended = end_expired_pins(now=now, limit=EXPIRED_AT_ONCE)
    for name, ids in ended.items():
        holders = GoldenRecord.objects.filter(pk__in=ids).values_list("pk", "merged_into_id")
        live = {
            survivor or record for record, survivor in holders
        }  # of a merged one it held for its survivor
        plan = plan_records(spec=entity(name), record_ids=live, now=now)
        apply_decision(route_plan(plan=plan, now=now, reason="a pin expired"), now=now)
    return sum(len(ids) for ids in ended.values())
