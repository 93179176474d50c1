"""Before the pipeline comes to what a person adopted: which of its values will not become golden, and why."""

from datetime import datetime

from apps.connectors.mappings import OutboundMapping
from apps.distribution.models import Finding, FindingKind
from apps.golden.registry import entity
from apps.mastering.engine.strategies import Contender
from apps.mastering.explaining import kept_out
from apps.quality.selectors import active_codes
from apps.quality.services import standardize_records
from apps.sources.models import SourceRecord
from apps.sources.selectors import members_of


def kept_from_golden(finding: Finding, mapping: OutboundMapping, *, now: datetime) -> dict[str, str]:
    """Return, by attribute or "collection:identity", why a value that differed stays out of the golden record.

    `finding` is drifted and its record landed already; of others nothing is foreseen, as who they belong to is open.
    """
    system = finding.connection.code
    record = SourceRecord.objects.get(system=system, entity=mapping.entity, key=finding.native_id)
    [member] = members_of([], joining=[record.pk])
    golden = member.record_id or finding.record_id
    if finding.kind != FindingKind.DRIFTED or golden is None:
        return {}
    [standard] = standardize_records(
        spec=entity(mapping.entity),
        records=[record.values],
        keys=[(system, record.key)],
        codes=active_codes(now.date()),
    )
    told = Contender(
        id=str(record.pk),
        system=system,
        role=member.role,
        key=record.key,
        recency=member.recency,
        values=standard.values,
    )
    names = {str(row["attribute"] or "").partition(".")[0].partition("[")[0] for row in finding.fields}
    found = kept_out(record_id=golden, told=told, names=names, now=now)
    return {path: f"{who} stands before it: {why}" if who else why for path, (who, why) in found.items()}
