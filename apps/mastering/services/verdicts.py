"""Give every write of a planned record its verdict, and keep what changed of it: four statements for any plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from apps.audit.context import current
from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.core.ids import uuid7
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Change, Plan
from apps.mastering.engine.ownership import STEWARD, OwnedGroup, Standing, Verdict
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.survivorship import Lines
from apps.mastering.models import WriteVerdict
from apps.sources.services import ValueAside, set_values_aside

NOT_OWNER = "not_owner"
"""Code of rejected rows whose value the ownership matrix refused."""

ILLEGAL_TRANSITION = "flag:transition"


@dataclass(slots=True)
class Judged:
    """What one member's values of one golden record are worth now; `groups` as `WriteVerdict.groups`."""

    record_id: UUID
    contender: Contender
    groups: dict[str, list[Any]] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    tried: Document = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # attribute to the rule that rejects its value


def write_verdicts(*, plan: Plan, now: datetime) -> None:
    """Store the verdicts of a plan that is applied, and tell sources of values that are rejected."""
    judged = list(judge(plan))
    if not judged:
        return
    rows, ended = [], []
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT source_record_id, id, record_id, groups, outcomes FROM mastering_writeverdict"
            " WHERE source_record_id = ANY(%s::uuid[]) AND ended_at IS NULL",
            ([each.contender.id for each in judged],),
        )
        known = {str(source): row for source, *row in cursor}
        for each in judged:
            earlier = known.get(each.contender.id)
            changed = _changed(each, earlier)
            if changed:
                rows.append(_row(plan.entity, each, changed, now))
                ended += [earlier[0]] if earlier else []
        if ended:
            cursor.execute("UPDATE mastering_writeverdict SET ended_at = %s WHERE id = ANY(%s)", (now, ended))
        if rows:
            copy_rows(cursor, WriteVerdict._meta.db_table, _COLUMNS, rows)
    _tell_sources(judged, known, now=now)


def _tell_sources(judged: list[Judged], known: Mapping[str, list[Any]], *, now: datetime) -> None:
    rejected = Verdict.REJECT.value
    before = [source for source, (_, _, _, outcomes) in known.items() if rejected in outcomes]
    asides = [
        ValueAside(
            UUID(each.contender.id),
            name,
            f"{name} is not for {each.contender.system} to change: rule {rule} rejects it. The rest of the row is in"
            " use. Correct the value where it is owned; or have the rule changed and replay this row.",
        )
        for each in judged
        for name, rule in each.refused.items()
    ]
    if asides or before:
        considered = [UUID(each.contender.id) for each in judged]
        set_values_aside(code=NOT_OWNER, considered=considered, asides=asides, now=now)


def judge(plan: Plan) -> Iterator[Judged]:
    """Yield the verdicts on every member of every record of a plan."""
    spec = entity(plan.entity)
    changes = {change.record_id: change for change in plan.changes}
    for record_id, lines in plan.lines:
        change = changes[record_id]
        for contender in lines.contenders:
            yield _judged(spec, lines, change, contender)


def _judged(spec: EntitySpec, lines: Lines, change: Change, contender: Contender) -> Judged:
    found = Judged(change.record_id, contender)
    version = lines.ownership.version
    for group, values in parts_of(spec, contender.values).items():
        name, _, legal_entity = group.partition("@")
        owned = lines.owned(name, legal_entity or None)
        standing = owned.standing(contender.system, contender.role)
        found.groups[group] = [mark_of(values), standing.verdict.value, owned.rule, version]
        if not standing.admitted:
            _keep(spec, found, group, values, change, standing, owned)
    if _is_illegal(spec, change) and change.provenance.get("status", {}).get("source") == contender.id:
        found.outcomes.append(ILLEGAL_TRANSITION)
        found.tried["flag:transition"] = [change.before.get("status"), change.after.get("status")]
    return found


def _keep(
    spec: EntitySpec,
    found: Judged,
    group: str,
    values: Document,
    change: Change,
    standing: Standing,
    owned: OwnedGroup,
) -> None:
    found.outcomes += [standing.verdict.value, f"{group}:{standing.verdict.value}"]
    found.tried |= values
    if standing.verdict is Verdict.REJECT:
        rule = f"{owned.rule} v{found.groups[group][3]}"
        found.refused |= {
            name: rule for name, value in values.items() if differs(spec, name, value, change.after.get(name))
        }


def differs(spec: EntitySpec, name: str, said: Any, golden: Any) -> bool:
    """Tell whether a member says something else than the golden record; of a collection, about its own items."""
    if not isinstance(said, list):
        return bool(said != golden)
    collection = spec.collection(name)
    items = {collection.identity_of(item): item for item in golden or ()}
    return any(
        {k: v for k, v in item.items() if v is not None} != items.get(collection.identity_of(item))
        for item in said
    )


def parts_of(spec: EntitySpec, values: Document) -> dict[str, Document]:
    """Return the values by group; items that are judged by their own legal entity under "group@legal entity"."""
    found: dict[str, Document] = {}
    columns = spec.item_legal_entities
    for name, value in values.items():
        if value is None or name not in spec.names:
            continue
        group, column = spec.group_of(name), columns.get(name)
        if column is None:
            found.setdefault(group, {})[name] = value
            continue
        for item in value:
            place = f"{group}@{item.get(column) or '*'}"
            found.setdefault(place, {}).setdefault(name, []).append(item)
    return found


def mark_of(values: Document) -> str:
    """Return a short mark that differs where values differ."""
    return blake2b(orjson.dumps(values), digest_size=8).hexdigest()


def _is_illegal(spec: EntitySpec, change: Change) -> bool:
    before, after = change.before.get("status"), change.after.get("status")
    return bool(before and after) and not spec.lifecycle.allows(str(before), str(after))


def _changed(judged: Judged, earlier: list[Any] | None) -> list[str]:
    """Return the groups that a new row is written for; keep the version under which the others were judged."""
    if earlier is None or earlier[1] != judged.record_id:
        return sorted(judged.groups)
    known: dict[str, list[Any]] = earlier[2]
    changed = {group for group in known if group not in judged.groups}
    for group, verdict in judged.groups.items():
        if group in known and known[group][:3] == verdict[:3]:
            verdict[3] = known[group][3]
        else:
            changed.add(group)
    if ILLEGAL_TRANSITION in judged.outcomes:
        changed.add("status")
    return sorted(changed)


_COLUMNS = (
    "id", "record_id", "entity", "writer", "key", "source_record_id", "groups", "changed", "outcomes", "tried", "at",
    "ended_at", "actor", "correlation_id",
)  # fmt: skip


def _row(entity_name: str, judged: Judged, changed: list[str], now: datetime) -> tuple[Any, ...]:
    contender, block = judged.contender, current()
    return (
        uuid7(), judged.record_id, entity_name, contender.system, contender.key, contender.id,
        as_json(judged.groups), _array(changed), _array(sorted(set(judged.outcomes))), as_json(judged.tried), now, None,
        block.actor.name, block.correlation_id,
    )  # fmt: skip


def _array(texts: list[str]) -> str:
    """Return an array literal; psycopg's own way costs more than the rest of the row."""
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "}"


def write_personal_verdict(
    *,
    record_id: UUID,
    entity_name: str,
    verdicts: Mapping[str, tuple[str, str]],
    values: Document,
    version: int,
    now: datetime,
) -> None:
    """Store what became of a person's values: by group (verdict, rule); `values` as they were given."""
    spec = entity(entity_name)
    parts: dict[str, Document] = {}
    for name, value in values.items():
        parts.setdefault(spec.group_of(name), {})[name] = value
    refused = {group: verdict for group, (verdict, _) in verdicts.items() if verdict != Verdict.ACCEPT}
    WriteVerdict.objects.create(
        record_id=record_id,
        entity=entity_name,
        writer=STEWARD,
        groups={group: [mark_of(parts[group]), *verdicts[group], version] for group in verdicts},
        changed=sorted(verdicts),
        outcomes=sorted({*refused.values(), *(f"{group}:{verdict}" for group, verdict in refused.items())}),
        tried={name: value for group in refused for name, value in parts[group].items()},
        at=now,
        ended_at=now,
    )
