"""Versioned mapping documents: draft, activate, roll back, seed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction

from apps.audit.context import Actor
from apps.connectors.mappings import MappingDocumentError
from apps.connectors.models import Mapping
from apps.connectors.selectors import (
    active_layout,
    active_layouts,
    active_mapping,
    active_mappings,
    mapping_version,
)
from apps.connectors.services import activate_mapping, draft_mapping, roll_back_mapping, seed_default_mappings
from apps.connectors.services.mappings import NothingToRollBackTo, OwnDraft
from apps.core.errors import NotFound

ANN = Actor("ann")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_documents(db: None) -> None:
    Mapping.objects.all().delete()


def text(attribute: str) -> str:
    return (
        "layout: toy.things\nsystem: toy\nrecords:\n"
        f"  - {{entity: thing, key: Id, fields: {{{attribute}: Name}}}}\n"
    )


def outbound(remote: str) -> str:
    return (
        "mapping: toy.thing\nentity: thing\nobject: Thing\nkey: {hub: mdm_id, remote: Key}\n"
        f"fields: [{{hub: name, remote: {remote}}}]\n"
    )


def draft(document: str) -> Mapping:
    return draft_mapping(text=document, actor=ANN, now=NOW, note="try")


def test_versions_count_up_and_only_one_is_active() -> None:
    first, second = draft(text("a")), draft(text("b"))
    assert [(row.name, row.version, row.status) for row in (first, second)] == [
        ("toy.things", 1, "draft"),
        ("toy.things", 2, "draft"),
    ]
    activate_mapping(mapping=first, actor=ANN, now=NOW)
    activate_mapping(mapping=second, actor=ANN, now=NOW)
    assert list(Mapping.objects.order_by("version").values_list("status", flat=True)) == ["retired", "active"]
    found = active_layout("toy.things")
    assert (found.version, found.layout.map({"Id": "1", "Name": "x"})[0].values) == (2, {"b": "x"})


def test_roll_back_goes_to_what_was_in_force_before() -> None:
    for position, attribute in enumerate("abc"):
        activate_mapping(mapping=draft(text(attribute)), actor=ANN, now=NOW + timedelta(days=position))
    roll_back_mapping(name="toy.things", actor=ANN, now=NOW + timedelta(days=9))
    assert active_layout("toy.things").version == 2
    roll_back_mapping(name="toy.things", actor=ANN, now=NOW + timedelta(days=10), to_version=1)
    assert active_layout("toy.things").version == 1


def test_nothing_to_roll_back_to() -> None:
    activate_mapping(mapping=draft(text("a")), actor=ANN, now=NOW)
    with pytest.raises(NothingToRollBackTo):
        roll_back_mapping(name="toy.things", actor=ANN, now=NOW)
    assert active_layout("toy.things").version == 1


def test_history_tells_who_and_when() -> None:
    row = draft(text("a"))
    activate_mapping(mapping=row, actor=Actor("ben"), now=NOW)
    assert [(h.actor, h.status) for h in row.history.order_by("history_id")] == [
        ("ann", "draft"),
        ("ben", "active"),
    ]
    row.refresh_from_db()
    assert (row.created_by, row.activated_by, row.activated_at) == ("ann", "ben", NOW)


def test_an_invalid_document_is_not_stored() -> None:
    with pytest.raises(MappingDocumentError, match="records"):
        draft("layout: toy.things\nsystem: toy\n")
    assert Mapping.objects.count() == 0


def test_a_document_may_say_its_version_but_not_a_wrong_one() -> None:
    with pytest.raises(MappingDocumentError, match="says 7, but this is version 1"):
        draft(outbound("Name") + "version: 7\n")
    assert draft(outbound("Name") + "version: 1\n").version == 1


def test_replays_use_the_version_of_their_time() -> None:
    for remote in ("Name", "Title"):
        activate_mapping(mapping=draft(outbound(remote)), actor=ANN, now=NOW)
    assert [field.remote.text for field in mapping_version("toy.thing", 1).fields] == ["Name"]
    assert active_mapping("toy.thing").version == 2
    with pytest.raises(NotFound):
        mapping_version("toy.thing", 3)


def test_the_database_allows_one_active_version_only() -> None:
    first, second = draft(text("a")), draft(text("b"))
    activate_mapping(mapping=first, actor=ANN, now=NOW)
    with pytest.raises(IntegrityError, match="mapping_one_active"), transaction.atomic():
        Mapping.objects.filter(pk=second.pk).update(status="active", activated_at=NOW)
    with pytest.raises(IntegrityError, match="mapping_version_once"), transaction.atomic():
        Mapping.objects.filter(pk=second.pk).update(version=1)


def test_seeding_is_idempotent_and_respects_what_stewards_activated() -> None:
    written = seed_default_mappings(actor=ANN, now=NOW)
    assert written == Mapping.objects.count() == len(active_layouts()) + len(active_mappings())
    assert seed_default_mappings(actor=ANN, now=NOW) == 0
    shipped = Mapping.objects.get(name="salesforce.contacts")
    own = draft_mapping(text=shipped.text + "# ours\n", actor=ANN, now=NOW)
    activate_mapping(mapping=own, actor=ANN, now=NOW)
    Mapping.objects.filter(pk=shipped.pk).update(checksum="older release")
    assert seed_default_mappings(actor=ANN, now=NOW) == 1
    assert active_layout("salesforce.contacts").version == own.version == 2


def test_a_newer_shipped_text_replaces_an_older_shipped_one() -> None:
    seed_default_mappings(actor=ANN, now=NOW)
    Mapping.objects.filter(name="salesforce.contacts").update(checksum="older release")
    assert seed_default_mappings(actor=ANN, now=NOW) == 1
    assert active_layout("salesforce.contacts").version == 2


def test_selectors_by_system_and_entity() -> None:
    seed_default_mappings(actor=ANN, now=NOW)
    assert set(active_layouts("workday")) == {"workday.workers"}
    assert [one.name for one in active_mappings(system="netsuite", entity="project")] == ["netsuite.job"]
    with pytest.raises(NotFound, match="Active: "):
        active_layout("nowhere.things")


def test_a_draft_is_activated_by_another_person_a_roll_back_by_anyone() -> None:
    ada, bob = Actor("ada", user_id=1, kind="user"), Actor("bob", user_id=2, kind="user")
    first = draft_mapping(text=outbound("Name"), actor=ada, now=NOW)
    with pytest.raises(OwnDraft, match="ada wrote"):
        activate_mapping(mapping=first, actor=ada, now=NOW)
    assert not Mapping.objects.filter(status="active").exists()
    activate_mapping(mapping=first, actor=bob, now=NOW)
    second = draft_mapping(text=outbound("Label"), actor=bob, now=NOW)
    activate_mapping(mapping=second, actor=ada, now=NOW)
    assert roll_back_mapping(name="toy.thing", actor=ada, now=NOW).version == 1


def test_one_person_may_activate_where_the_hub_asks_for_no_four_eyes(settings: LazySettings) -> None:
    settings.RULES_NEED_TWO = False
    ada = Actor("ada", user_id=1, kind="user")
    drafted = draft_mapping(text=outbound("Name"), actor=ada, now=NOW)
    assert activate_mapping(mapping=drafted, actor=ada, now=NOW).is_active
