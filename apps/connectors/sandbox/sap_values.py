"""Envelopes and values of the sandbox S/4HANA: errors, /Date()/ moments, Edm.Time, metadata."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from apps.connectors.sandbox.messages import Reply
from apps.connectors.sandbox.schema import Field, ObjectType

_MOMENT = re.compile(r"^/Date\((-?\d+)\)/$")
_EDM = {"date": "Edm.DateTime", "datetime": "Edm.DateTimeOffset", "boolean": "Edm.Boolean"}


class Refused(Exception):
    """The request is answered with an error envelope, or with `given` as it is."""

    def __init__(
        self, status: int, code: str, message: str, given: Reply | None = None, field: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.given, self.field = status, code, message, given, field

    def reply(self) -> Reply:
        if self.given is not None:
            return self.given
        detail = {
            "code": self.code,
            "message": self.message,
            "propertyref": self.field,
            "severity": "error",
            "target": "",
        }
        error = {
            "code": self.code,
            "message": {"lang": "en", "value": self.message},
            "innererror": {"transactionid": "x", "errordetails": [detail]},
        }
        return Reply(self.status, {"error": error})


def plain(value: Any) -> Any:
    """Return a given value as it is stored: moments as ISO text."""
    if isinstance(value, str) and (found := _MOMENT.match(value)):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date().isoformat()
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value


def wire(value: Any, field: Field | None = None) -> Any:
    """Return a stored value as V2 shows it."""
    if isinstance(value, list):
        return [{name: wire(part) for name, part in one.items()} for one in value]
    dated = field is not None and (
        field.type in ("date", "datetime") or field.name.endswith(("Date", "DateTime"))
    )
    if dated and isinstance(value, str):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        zone = "+0000" if "T" in value else ""
        return f"/Date({round(at.timestamp() * 1000)}{zone})/"
    return value


def clock_of(moment: str) -> str:
    """Return the time of an ISO moment as Edm.Time."""
    return f"PT{moment[11:13]}H{moment[14:16]}M{moment[17:19]}S"


def metadata(kinds: Sequence[ObjectType], keys: Mapping[str, str]) -> str:
    """Return a $metadata document of these entity sets."""
    types, sets = [], []
    for kind in kinds:
        rows = [_property(field, keys.get(kind.name, "")) for field in kind.fields]
        types.append(f"<EntityType Name={quoteattr(kind.name + 'Type')}>{''.join(rows)}</EntityType>")
        sets.append(
            f"<EntitySet Name={quoteattr(kind.name)} EntityType={quoteattr('SB.' + kind.name + 'Type')}/>"
        )
    return (
        '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"'
        ' xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices>'
        '<Schema Namespace="SB" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
        f"{''.join(types)}<EntityContainer>{''.join(sets)}</EntityContainer>"
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )


def _property(field: Field, key: str) -> str:
    if field.type == "list":
        return f"<NavigationProperty Name={quoteattr(field.name)}/>"
    parts = [f"Name={quoteattr(field.name)}", f"Type={quoteattr(_EDM.get(field.type, 'Edm.String'))}"]
    if field.length:
        parts.append(f'MaxLength="{field.length}"')
    if field.required or field.name == key:
        parts.append('Nullable="false"')
    if field.read_only:
        parts.append('sap:creatable="false" sap:updatable="false"')
    return f"<Property {' '.join(parts)}/>"
