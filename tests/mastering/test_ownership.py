"""The matrix decides by state, legal entity and period; each write has its verdict; refused ones can be replayed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.core.errors import Invalid
from apps.mastering.engine.ownership import Cell, OwnedGroup, Ownership, Verdict
from apps.mastering.models import OwnershipMatrix, OwnershipRule, WriteVerdict
from apps.mastering.services import (
    Layer,
    NotADraft,
    OwnDraft,
    OwnershipCell,
    activate_ownership,
    draft_ownership,
    turn_periods,
    write_ownership_draft,
)
from apps.pipeline.services import run_pending
from apps.sources.models import RejectedRow
from apps.sources.services import replay_rejected_rows
from tests.hub import NOW, as_user, document_of, only, seed
from tests.mastering.ruling import (
    compute_again,
    crm_says,
    customer_of_two_systems,
    erp_says,
    rule,
    verdict_on,
)

pytestmark = pytest.mark.django_db
D = date


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def name_of(record: object) -> object:
    return document_of(record)["legal_name"]  # type: ignore[arg-type]  # ids of golden records


def test_the_most_specific_rule_wins() -> None:
    def cell(rule: str, **place: object) -> Cell:
        return Cell("thing", "name", OwnedGroup((rule,), rule=rule), **place)  # type: ignore[arg-type]  # of a Cell

    year = {"valid_from": D(2026, 1, 1), "valid_to": D(2026, 12, 31)}
    cells = [
        cell("any"),
        cell("year", **year),
        cell("active", state="active"),
        cell("active in the year", state="active", **year),
        cell("DE", legal_entity="DE01"),
        cell("DE active", legal_entity="DE01", state="active"),
    ]
    on_day = Ownership(1, cells, on=D(2026, 6, 1))
    later = Ownership(1, cells, on=D(2027, 1, 1))
    asked = [("prospect", "*"), ("active", "*"), ("prospect", "DE01"), ("active", "DE01"), ("closed", "US01")]
    assert [on_day.of("thing", "name", *place).rule for place in asked] == [
        "year", "active in the year", "DE", "DE active", "year",
    ]  # fmt: skip
    assert [later.of("thing", "name", *place).rule for place in asked] == [
        "any", "active", "DE", "DE active", "any",
    ]  # fmt: skip


def test_the_crm_owns_the_name_until_the_customer_is_active_the_erp_from_then_on() -> None:
    record = customer_of_two_systems()
    assert name_of(record) == "From CRM"
    erp_says("ERP again", 2)
    assert name_of(record) == "From CRM"
    crm_says("From CRM", 2, Status__c="Active")
    assert (name_of(record), document_of(record)["status"]) == ("ERP again", "active")
    crm_says("CRM again", 3, Status__c="Active")
    assert name_of(record) == "ERP again"
    assert verdict_on("netsuite", "name") == ["accept", "name [active]", 1]
    rows = WriteVerdict.objects.filter(writer="salesforce").order_by("at")
    rules = [row.groups["name"][2] for row in rows]
    assert (rules[0], rules[-1]) == ("name", "name [active]")


def test_others_are_shadowed_from_active_on_and_the_verdict_is_kept() -> None:
    matrix = rule(
        {
            ("name", "*"): OwnershipCell(("crm",), Verdict.SHADOW),
            ("name", "active"): OwnershipCell(("erp",), Verdict.SHADOW),
        }
    )
    record = customer_of_two_systems()
    assert name_of(record) == "From CRM"
    assert verdict_on("netsuite", "name") == ["shadow", "name", matrix.version]
    tried = WriteVerdict.objects.get(writer="netsuite", record=record, ended_at=None)
    assert (tried.tried, tried.outcomes) == ({"legal_name": "From ERP"}, ["name:shadow", "shadow"])


def test_a_load_that_repeats_itself_writes_no_verdicts() -> None:
    customer_of_two_systems()
    before = WriteVerdict.objects.count()
    compute_again()
    erp_says("From ERP")
    assert WriteVerdict.objects.count() == before
    erp_says("From ERP", 2, phone="+44 20 7946 0000")
    [row] = WriteVerdict.objects.order_by("-at", "-pk")[:1]
    assert (WriteVerdict.objects.count(), row.changed, row.writer) == (before + 1, ["contact"], "netsuite")


def test_a_rejected_value_is_told_to_its_source_and_counts_after_the_rule_changed() -> None:
    rule({("name", "*"): OwnershipCell(("crm",), Verdict.ACCEPT, {"netsuite": Verdict.REJECT})})
    record = customer_of_two_systems()
    assert name_of(record) == "From CRM"
    rejected = only(RejectedRow.objects.filter(status="open"))
    assert (rejected.code, rejected.column, rejected.load.system_id) == (
        "not_owner",
        "legal_name",
        "netsuite",
    )
    assert "rule name v2 rejects it" in rejected.reason
    replay_rejected_rows(row_ids=[rejected.pk], now=NOW)
    run_pending()
    again = only(RejectedRow.objects.filter(status="open"))
    assert again.pk != rejected.pk
    rule({("name", "*"): OwnershipCell(("erp",), Verdict.ACCEPT)})
    assert name_of(record) == "From ERP"
    again.refresh_from_db()
    assert again.status == "replayed"
    assert verdict_on("netsuite", "name") == ["accept", "name", 3]


def test_a_rejected_value_that_agrees_is_nobodys_trouble() -> None:
    rule({("name", "*"): OwnershipCell(("crm",), Verdict.REJECT)})
    record = customer_of_two_systems(name="Same")
    assert verdict_on("netsuite", "name")[0] == "reject"
    assert name_of(record) == "Same"
    assert not RejectedRow.objects.filter(status="open").exists()


def test_a_legal_entity_has_its_own_rules_and_its_items_theirs() -> None:
    rule({("contact", "*"): OwnershipCell(("erp",))}, layer=Layer("UK01"))
    rule({("terms", "*"): OwnershipCell(("psa",), Verdict.SHADOW)}, layer=Layer("US01"))
    terms = [
        {"subsidiary": {"refName": "UK01"}, "currency": {"refName": "GBP"}},
        {"subsidiary": {"refName": "US01"}, "currency": {"refName": "USD"}},
    ]
    record = customer_of_two_systems(
        crm={"Phone": "+44 20 7946 0001"},
        erp={
            "phone": "+44 20 7946 0002",
            "subsidiary": {"refName": "UK01"},
            "subsidiaryTerms": {"items": terms},
        },
    )
    document = document_of(record)
    assert (document["legal_entity"], document["phone"]) == ("UK01", "+442079460002")
    assert [item["legal_entity"] for item in document["entity_terms"]] == ["UK01"]
    row = WriteVerdict.objects.get(writer="netsuite", ended_at=None)
    assert (row.groups["terms@UK01"][1], row.groups["terms@US01"][1:3]) == (
        "accept",
        ["shadow", "terms [US01]"],
    )


def test_a_period_begins_for_all_records_on_its_day() -> None:
    first = NOW.date() + timedelta(days=1)
    rule({("name", "*"): OwnershipCell(("erp",))}, layer=Layer("*", first))
    record = customer_of_two_systems()
    assert name_of(record) == "From CRM"
    assert turn_periods(now=NOW) == {}
    assert turn_periods(now=NOW + timedelta(days=1)) == {"customer": 2}
    run_pending()
    assert name_of(record) == "From ERP"
    assert verdict_on("netsuite", "name")[1] == f"name [from {first}]"
    assert turn_periods(now=NOW + timedelta(days=2)) == {}


def test_two_rules_of_one_place_never_hold_on_one_day() -> None:
    draft = draft_ownership(note="", now=NOW)
    cells = {("contact", "*"): OwnershipCell(("crm",))}
    write_ownership_draft(
        matrix_id=draft.pk,
        entity_name="customer",
        cells=cells,
        layer=Layer("*", D(2026, 1, 1), D(2026, 6, 30)),
    )
    with pytest.raises(Invalid, match="overlaps"):
        write_ownership_draft(
            matrix_id=draft.pk, entity_name="customer", cells=cells, layer=Layer("*", D(2026, 6, 30), None)
        )
    later = {"matrix_id": draft.pk, "entity_name": "customer", "layer": Layer("*", D(2026, 6, 1), None)}
    write_ownership_draft(cells={("name", "*"): OwnershipCell(("crm",))}, **later)
    with pytest.raises(Invalid, match="overlaps"):  # also when the layer has cells already
        write_ownership_draft(cells=cells, **later)
    write_ownership_draft(cells={}, **later)
    with pytest.raises(IntegrityError, match="ownership_periods_apart"), transaction.atomic():
        OwnershipRule.objects.create(
            matrix=draft, entity="customer", group="contact", owners=["erp"], valid_from=D(2026, 6, 30)
        )
    with pytest.raises(IntegrityError, match="ownership_cell_unique"), transaction.atomic():
        OwnershipRule.objects.create(matrix=draft, entity="customer", group="contact", owners=["erp"])
    with pytest.raises(IntegrityError, match="ownership_period_in_order"), transaction.atomic():
        OwnershipRule.objects.create(
            matrix=draft, entity="customer", group="account", owners=["erp"],
            valid_from=D(2026, 2, 1), valid_to=D(2026, 1, 1),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "cell", "layer"),
    [
        (("status", "active"), OwnershipCell(("erp",)), Layer()),
        (("selling", "*"), OwnershipCell(("erp",)), Layer("UK01")),
        (("name", "*"), OwnershipCell(("crm",), Verdict.ACCEPT, {"crm": Verdict.SHADOW}), Layer()),
        (("name", "*"), OwnershipCell(("crm",), Verdict.ACCEPT, {"oracle": Verdict.SHADOW}), Layer()),
        (("name", "*"), OwnershipCell(("crm",)), Layer("*", D(2026, 2, 1), D(2026, 1, 1))),
    ],
)
def test_rules_that_would_go_in_circles_or_contradict_themselves_are_refused(
    place: tuple[str, str], cell: OwnershipCell, layer: Layer
) -> None:
    draft = draft_ownership(note="", now=NOW)
    with pytest.raises(Invalid):
        write_ownership_draft(matrix_id=draft.pk, entity_name="customer", cells={place: cell}, layer=layer)


@pytest.fixture
def stewards() -> dict[str, User]:
    return {name: create_user(username=name, roles=[Role.STEWARD]) for name in ("stig", "sara")}


def test_nobody_activates_what_he_wrote(stewards: dict[str, User]) -> None:
    with as_user("stig", stewards["stig"].pk):
        draft = draft_ownership(note="", now=NOW)
    with as_user("sara", stewards["sara"].pk):
        write_ownership_draft(matrix_id=draft.pk, entity_name="invoice", cells={})
    for name in ("stig", "sara"):
        with as_user(name, stewards[name].pk), pytest.raises(OwnDraft):
            activate_ownership(matrix_id=draft.pk, now=NOW)
    third = create_user(username="tom", roles=[Role.STEWARD])
    first = OwnershipMatrix.objects.get(status="active")
    with as_user("tom", third.pk):
        activate_ownership(matrix_id=draft.pk, now=NOW)
    with pytest.raises(NotADraft):
        write_ownership_draft(matrix_id=draft.pk, entity_name="invoice", cells={})
    with as_user("stig", stewards["stig"].pk):  # back in a hurry: two people have seen that version
        assert activate_ownership(matrix_id=first.pk, now=datetime(2026, 3, 2, tzinfo=UTC)).is_active
