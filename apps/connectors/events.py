"""CloudEvents 1.0: how a change of a golden record looks to takers of events."""

from typing import Any

from apps.connectors.contracts import Failure, FailureClass, Outcome, Page, ReadFailed, Write
from apps.connectors.settings import ConnectorSettings

CONTENT_TYPE = "application/cloudevents+json"


def cloud_event(settings: ConnectorSettings, obj: str, item: Write, *, off: bool) -> dict[str, Any]:
    """Return the event of one write; the same write gives the same id, however often it is sent.

    `sequence` is the golden version with leading zeros, so that text order is version order per subject.
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": item.delivery_id or f"{obj}/{item.ext_id}/{item.seq}",
        "source": settings.option("source", "/mdm-hub"),
        "type": f"{settings.option('type_prefix', 'mdm')}.{obj}.{'deactivated' if off else 'changed'}",
        "subject": item.ext_id,
        "partitionkey": item.ext_id,
        "datacontenttype": "application/json",
        "data": item.payload,
    }
    if item.seq:
        event["sequence"] = f"{item.seq:010d}"
    if item.occurred_at:
        event["time"] = item.occurred_at
    if item.mapping_version:
        event["dataschema"] = f"urn:mdm:{obj}:{item.mapping_version}"
    return event


class TakesEvents:
    """For targets that are told of changes and cannot be asked what they hold."""

    def fetch(self, obj: str, ext_ids: object, fields: object = ()) -> list[Any]:
        raise _not_offered()

    def fetch_native(self, obj: str, native_ids: object, fields: object = ()) -> list[Any]:
        raise _not_offered()

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        return Outcome.failed(_not_offered().failure)

    def scan(self, obj: str, fields: object, after: object = None, limit: int = 500) -> Page:
        raise _not_offered()

    def pull(
        self, obj: str, cursor: object, fields: object = (), limit: int = 500, overlap: float = 0.0
    ) -> Page:
        raise _not_offered()


def _not_offered() -> ReadFailed:
    text = "This target takes events; it cannot be asked what it holds."
    return ReadFailed(Failure(FailureClass.PERMANENT_CONFIG, "not_offered", text, scope="connector"))
