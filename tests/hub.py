"""A small hub for tests: seed the rules, land rows as systems send them, run the pipeline, look at the result."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.audit.context import Actor, acting
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import Document
from apps.pipeline.contracts import BatchReport
from apps.pipeline.services import run_pending
from apps.sources.contracts import Landed
from apps.sources.models import Crosswalk, SourceSystem
from apps.sources.services import land_posted
from mdm.seeds import seed_defaults

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEDING = Actor(name="set-up")

Row = Mapping[str, Any]


def seed() -> None:
    """Create the source systems and the shipped rules, unless they are there."""
    if not SourceSystem.objects.exists():
        seed_defaults(now=NOW)


def land(layout: str, *rows: Row, mode: str = "full", now: datetime = NOW) -> Landed:
    """Land rows of a layout as one posted batch."""
    _, landed = land_posted(layout_name=layout, records=list(rows), mode=mode, origin="test", now=now)
    return landed


def master(layout: str, *rows: Row, mode: str = "full") -> BatchReport:
    """Land rows and run the pipeline until nothing is pending."""
    land(layout, *rows, mode=mode)
    return run_pending()


def home_of(system: str, entity_name: str, key: str) -> UUID:
    """Return the golden record of a source record."""
    return Crosswalk.objects.get(system=system, entity=entity_name, key=key).record_id


def document_of(record_id: UUID) -> Document:
    """Return the golden document, provenance included."""
    header = GoldenRecord.objects.get(pk=record_id)
    return load_documents(entity(header.entity), [record_id])[record_id]


def live(entity_name: str) -> list[UUID]:
    """Return the live golden records of an entity."""
    found = GoldenRecord.objects.filter(entity=entity_name, status=RecordStatus.LIVE)
    return list(found.order_by("created_at", "pk").values_list("pk", flat=True))


def state_of_golden_data(entity_name: str) -> set[tuple[frozenset[tuple[str, str]], str]]:
    """Return who belongs together and what their golden document says, without ids and times of this hub.

    Two hubs that were told the same have the same state, whatever the order in which they heard it.
    """
    state = set()
    for record_id in live(entity_name):
        members = frozenset(Crosswalk.objects.filter(record=record_id).values_list("system_id", "key"))
        document = {name: value for name, value in document_of(record_id).items() if name != "provenance"}
        state.add((members, repr(sorted(document.items()))))
    return state


def account(key: str, name: str, **fields: Any) -> Row:
    """Return a CRM account."""
    return {"Id": key, "Name": name, "SystemModstamp": "2026-01-01T00:00:00Z", **fields}


def erp_customer(key: str, name: str, **fields: Any) -> Row:
    """Return an ERP customer."""
    return {"id": key, "companyName": name, "lastModifiedDate": "2026-01-02T00:00:00Z", **fields}


def as_user(username: str, user_id: int) -> Any:
    """Act as a person."""
    return acting(Actor(name=username, user_id=user_id, kind="user"), reason="test")


def only(items: Sequence[Any]) -> Any:
    """Return the one item of a sequence."""
    [item] = items
    return item
