"""The page of a golden record: values with provenance, losers, members, history, masking, statements."""

import re

import pytest

from apps.accounts.roles import Role
from apps.console.golden.record_screen import TABS
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.services import apply_plan, plan_merge
from tests.console.golden import WORKER, counting_statements, shared_customer, single_customer
from tests.console.signing import page, signed_in
from tests.hub import NOW, account, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_values_tell_their_origin_and_what_others_say() -> None:
    record = shared_customer()
    text = text_of(page(signed_in(Role.STEWARD), "golden_record", "customer", record))
    assert "system of record" in text
    assert "Customer number C-77 netsuite 77" in text
    assert "owners: erp › crm › registry › psa" in text
    assert "needs approval" in text


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.STEWARD])
def test_every_tab_opens(tab: str, role: Role) -> None:
    assert "Northwind" in page(signed_in(role), "golden_record", "customer", shared_customer(), tab=tab)


def test_systems_stand_side_by_side() -> None:
    html = page(signed_in(Role.VIEWER), "golden_record", "customer", shared_customer(), tab="systems")
    assert html.count('data-cell="won"') > 3
    assert "77" in html
    assert "A1" in html


def test_history_tells_who_changed_what() -> None:
    record = single_customer("A5", "Zephyr Mills Ltd", Phone="+442079460001")
    row = account("A5", "Zephyr Mills Ltd", Phone="+442079460002", SystemModstamp="2026-02-01")
    master("salesforce.accounts", row)
    text = text_of(page(signed_in(Role.STEWARD), "golden_record", "customer", record, tab="history"))
    assert "Phone: +442079460001 → +442079460002" in text
    assert "system" in text
    assert "v2" in text


def test_references_lead_both_ways() -> None:
    parent = single_customer("P1", "Zephyr Group plc")
    child = single_customer("P2", "Quantock Advisory Ltd", ParentId="P1")
    up = page(signed_in(Role.VIEWER), "golden_record", "customer", child, tab="relations")
    down = page(signed_in(Role.VIEWER), "golden_record", "customer", parent, tab="relations")
    assert f'/admin/golden/customer/{parent}/">Zephyr Group' in up
    assert f'/admin/golden/customer/{child}/">Quantock Advisory' in down


def test_viewers_see_no_personal_value_on_any_tab() -> None:
    master("workday.workers", WORKER)
    record = only(GoldenRecord.objects.filter(entity="resource"))
    secrets = ("Ophelia", "Quartermaine", "ophelia.quartermaine", "7946")
    for tab in TABS:
        masked = page(signed_in(Role.VIEWER), "golden_record", "resource", record.pk, tab=tab)
        assert not [each for each in secrets if each in masked], tab
    clear = page(signed_in(Role.STEWARD), "golden_record", "resource", record.pk)
    assert all(each in clear for each in ("Ophelia", "Quartermaine", "ophelia.quartermaine@firm.example"))


def test_a_merged_record_points_to_its_survivor() -> None:
    survivor, loser = (
        single_customer("P1", "Zephyr Mills Ltd"),
        single_customer("P2", "Quantock Advisory Ltd"),
    )
    plan = plan_merge(survivor_id=survivor, loser_ids=[loser], method="steward", reason="", now=NOW)
    apply_plan(plan=plan, now=NOW)
    html = page(signed_in(Role.STEWARD), "golden_record", "customer", loser)
    assert "This record was merged" in html
    assert f'href="/admin/golden/customer/{survivor}/"' in html
    assert "Edit values" not in html


@pytest.mark.parametrize("tab", ["values", "systems", "members", "relations", "history"])
def test_a_record_takes_as_many_statements_with_many_members_as_with_few(tab: str) -> None:
    """Members, items, referring records and revisions grow; the statements do not."""
    client = signed_in(Role.STEWARD)
    record = single_customer("A1", "Zephyr Mills Ltd", ParentId="P0")
    single_customer("P0", "Zephyr Group plc")
    single_customer("C0", "Brook and Fells Ltd", ParentId="A1")
    page(client, "golden_record", "customer", record, tab=tab)
    with counting_statements() as few:
        page(client, "golden_record", "customer", record, tab=tab)
    others = [
        single_customer(f"M{n}", f"{name} Ltd", ParentId="P0") for n, name in enumerate(("Alder", "Birch"))
    ]
    plan = plan_merge(survivor_id=record, loser_ids=others, method="steward", reason="", now=NOW)
    apply_plan(plan=plan, now=NOW)
    single_customer("C1", "Dogwood Ltd", ParentId="A1")
    with counting_statements() as many:
        page(client, "golden_record", "customer", record, tab=tab)
    assert len(many) == len(few)


def test_missing_before_active_is_told_of_a_prospect() -> None:
    record = single_customer("A7", "Zephyr Mills Ltd", Status__c="Prospect")
    text = text_of(page(signed_in(Role.STEWARD), "golden_record", "customer", record))
    spec = entity("customer")
    wanted = [each.title for each in spec.attributes if each.required == "active"]
    assert "Missing before active" in text
    assert f"An active record needs: {wanted[0]}." in text
