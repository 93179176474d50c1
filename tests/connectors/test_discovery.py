"""Asking a system about itself: the command, the kept catalog, and mappings that contradict it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.audit.context import Actor
from apps.connectors.models import Connection
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.services import (
    activate_mapping,
    connect_sandbox,
    discover_catalog,
    draft_mapping,
    save_connection,
)
from apps.connectors.services.mappings import MappingContradictsTarget

ANN = Actor("ann")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
MAPPING = """\
mapping: dataverse.toy
entity: customer
object: accounts
key: {hub: mdm_id, remote: mdm_id}
fields: [{hub: legal_name, remote: %s, max: %d}]
"""
pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("connection", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def dynamics(shared: Callable[[str], RunningSandbox]) -> Iterator[Connection]:
    return connect_sandbox(name="dataverse", base_url=shared("dataverse").base_url, actor=ANN, now=NOW)


def test_check_tells_each_finding(dynamics: Connection) -> None:
    lines = said("check", "dataverse").splitlines()
    assert "ok  sign-in" in lines
    assert "ok  accounts" in lines
    assert not [line for line in lines if line.startswith("BAD")]
    assert "dataverse" in said("list")


def test_check_fails_where_nobody_answers() -> None:
    save_connection(
        code="gone", kind="hubspot", base_url="http://127.0.0.1:9", sandbox=True, actor=ANN, now=NOW
    )
    with pytest.raises(CommandError, match="gone is not ready"):
        said("check", "gone")
    with pytest.raises(CommandError, match="transient"):
        said("discover", "gone")
    with pytest.raises(CommandError, match="nowhere"):
        said("check", "nowhere")


def test_discover_keeps_the_catalog_and_tells_what_changed(dynamics: Connection) -> None:
    assert "accounts: 18 fields, external ids: mdm_id" in said("discover", "dataverse")
    row = Connection.objects.get(code="dataverse")
    assert row.catalog_at is not None
    assert row.catalog["objects"][0]["name"] == "accounts"
    fields = row.catalog["objects"][0]["fields"]
    fields[1]["max_length"] = 10
    fields.append({**fields[1], "name": "old"})
    del fields[2]
    row.save()
    found = discover_catalog(connection=row, actor=ANN, now=NOW)
    changed = (f"accounts.{fields[1]['name']}",)
    assert (found.changed, found.gone, len(found.added)) == (changed, ("accounts.old",), 1)


def test_a_mapping_that_the_target_cannot_take_is_not_activated(dynamics: Connection) -> None:
    long = draft_mapping(text=MAPPING % ("name", 500), actor=ANN, now=NOW)
    activate_mapping(mapping=long, actor=ANN, now=NOW)
    discover_catalog(connection=dynamics, actor=ANN, now=NOW)
    too_long = draft_mapping(text=MAPPING % ("name", 501), actor=ANN, now=NOW)
    with pytest.raises(MappingContradictsTarget, match="name takes 160 characters, the mapping allows 501"):
        activate_mapping(mapping=too_long, actor=ANN, now=NOW)
    unknown = draft_mapping(text=MAPPING % ("nosuch", 10), actor=ANN, now=NOW)
    with pytest.raises(MappingContradictsTarget, match="accounts has no field nosuch"):
        activate_mapping(mapping=unknown, actor=ANN, now=NOW)
    fits = draft_mapping(text=MAPPING % ("name", 160), actor=ANN, now=NOW)
    assert activate_mapping(mapping=fits, actor=ANN, now=NOW).is_active
