"""Calls to a target, made in a thread of the pool: no database here, and nothing is raised."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from apps.connectors.contracts import CallContext, Connector, Failure, FailureClass, Outcome, Remote, Write
from apps.distribution.adopting import adopt_own
from apps.distribution.drafts import Draft
from apps.distribution.engine.comparing import holds
from apps.distribution.models import Op

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """Drafts of one object and one operation that go out together."""

    op: Op
    object: str
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one draft. After a look: `confirmed` when the target has it already, `absent` when it
    has nothing that could be switched off."""

    draft: Draft
    outcome: Outcome
    confirmed: bool = False
    absent: bool = False


def plan_calls(drafts: Sequence[Draft], *, batch_size: int) -> list[Call]:
    """Group drafts that need a call; the order of lanes is kept, unsure lanes go by themselves."""
    groups: dict[tuple[Op, str, bool], list[Draft]] = {}
    for draft in drafts:
        if draft.payload is not None and draft.outcome is None:
            groups.setdefault((draft.op, draft.payload.object, draft.facts.unsure), []).append(draft)
    return [
        Call(op, name, tuple(members[start : start + batch_size]))
        for (op, name, _), members in groups.items()
        for start in range(0, len(members), batch_size)
    ]


def carry_out(connector: Connector, call: Call, still_leased: Callable[[], bool]) -> list[Result]:
    """Make one call and return a result for each of its drafts, whatever happens.

    `still_leased` is asked right before: a process that slept past its lease must not send old versions.
    """
    if not still_leased():
        lost = Failure(
            FailureClass.TRANSIENT, "lease_lost", "The lease ran out before the call.", scope="connector"
        )
        return [Result(draft, Outcome.failed(lost)) for draft in call.drafts]
    try:
        return _carry_out(connector, call)
    except Exception as error:
        failure = _failure_of(connector, error, call)
        return [Result(draft, Outcome.failed(failure)) for draft in call.drafts]


def _failure_of(connector: Connector, error: Exception, call: Call) -> Failure:
    known = getattr(error, "failure", None)
    if isinstance(known, Failure):
        return known
    failure = connector.classify(error, CallContext(method="GET", idempotent=True, obj=call.object))
    if failure.code != "unexpected":
        return failure
    log.exception(
        "distribution.call.failed", object=call.object, lanes=[d.facts.lane_id for d in call.drafts]
    )
    return Failure(FailureClass.AMBIGUOUS, "connector_error", f"{type(error).__name__}: {error}"[:500])


def _carry_out(connector: Connector, call: Call) -> list[Result]:
    # Takers of events cannot be asked: they know a repetition by its key.
    if not connector.caps.reads:
        return _send(connector, call, call.drafts, {})
    if not call.drafts[0].facts.unsure:
        return _send_new(connector, call, call.drafts, {})
    seen = _look_up(connector, call)
    results, rest = [], []
    for draft in call.drafts:
        remote = seen.get(draft.facts.lane_id)
        if remote is not None and holds(draft.ready.body, remote.values):
            results.append(
                Result(draft, Outcome("unchanged", remote.native_id, remote.version), confirmed=True)
            )
        elif remote is None and call.op is Op.DEACTIVATE and not draft.facts.known:
            results.append(Result(draft, Outcome("unchanged"), absent=True))
        else:
            rest.append(draft)
    return results + (_send_new(connector, call, rest, seen) if rest else [])


def _send_new(
    connector: Connector, call: Call, drafts: Sequence[Draft], seen: Mapping[int, Remote]
) -> list[Result]:
    """Send, after records that the target holds of its own were given the hub's key."""
    unseen = [draft for draft in drafts if draft.facts.lane_id not in seen]
    adopted, failed = adopt_own(connector, call.object, unseen)
    results = [
        Result(draft, failed[draft.facts.lane_id]) for draft in drafts if draft.facts.lane_id in failed
    ]
    ready = [draft for draft in drafts if draft.facts.lane_id not in failed]
    return results + (_send(connector, call, ready, {**seen, **adopted}) if ready else [])


def _send(
    connector: Connector, call: Call, drafts: Sequence[Draft], seen: Mapping[int, Remote]
) -> list[Result]:
    writes = [_write(connector, draft, seen.get(draft.facts.lane_id)) for draft in drafts]
    send = connector.upsert if call.op is Op.UPSERT else connector.deactivate
    return [Result(*pair) for pair in zip(drafts, send(call.object, writes), strict=True)]


def _look_up(connector: Connector, call: Call) -> dict[int, Remote]:
    """Ask the target what it holds for these external ids; by lane."""
    lanes = {draft.payload.ext_id: draft.facts.lane_id for draft in call.drafts if draft.payload}
    mapping = call.drafts[0].mapping
    fields = [field.remote.text for field in mapping.fields if field.pushes] if mapping else []
    fields += [part.remote.text for part in mapping.lists] if mapping else []
    found = connector.fetch(call.object, list(lanes), fields)
    return {lanes[remote.ext_id]: remote for remote in found if remote.ext_id in lanes}


def _write(connector: Connector, draft: Draft, seen: Remote | None) -> Write:
    payload = draft.ready
    version = seen.version if seen else draft.facts.remote_version or None
    return Write(
        ext_id=payload.ext_id,
        payload=payload.body,
        native_id=(seen.native_id if seen else draft.facts.native_id) or None,
        expect_version=version if connector.caps.conditional_write else None,
        delivery_id=str(draft.key),
        mapping_version=draft.mapping_version,
        seq=draft.facts.seq,
        occurred_at=draft.facts.occurred_at.isoformat(),
    )
