"""The true work obeys the invariants of the canonical model; the extracts of it add up."""

from datetime import date

import pytest

from mdm.demo import Firm, Manifest
from mdm.demo.customers import AS_OF
from mdm.demo.firm import Portfolio
from tests.demo.reading import read


@pytest.fixture(scope="module")
def portfolios(firm: Firm) -> list[Portfolio]:
    return list(firm.iter_portfolios())


def test_schedules_and_milestones_add_up_to_the_current_value(portfolios: list[Portfolio]) -> None:
    seen = set()
    for engagement in (each for portfolio in portfolios for each in portfolio.engagements if each.won):
        assert sum(item.amount for item in engagement.schedule) == engagement.current_value
        assert sum(project.budget for project in engagement.projects) == engagement.current_value
        if engagement.contract_type == "milestone":
            amounts = [each.amount for project in engagement.projects for each in project.milestones]
            assert sum(amounts) == engagement.current_value
        if engagement.contract_type == "capped":
            assert engagement.cap == engagement.base_value
        seen.add(engagement.contract_type)
    assert seen == {"tm", "fixed", "milestone", "retainer", "capped"}


def test_dates_lie_within_each_other(portfolios: list[Portfolio]) -> None:
    bookings = 0
    for engagement in (each for portfolio in portfolios for each in portfolio.engagements if each.won):
        assert engagement.signed_on < engagement.start < engagement.current_end
        for project in engagement.projects:
            assert engagement.start <= project.start < project.end <= engagement.current_end
            for booking in project.assignments:
                assert project.start <= booking.start < booking.end <= project.end
                assert booking.worker.hired <= booking.start
                assert booking.worker.left is None or booking.end <= booking.worker.left
                bookings += 1
    assert bookings > 400


def test_invoices_add_up_and_stay_within_the_value(portfolios: list[Portfolio]) -> None:
    for portfolio in portfolios:
        billed: dict[str, int] = {}
        for invoice in portfolio.invoices:
            assert invoice.net + invoice.tax == invoice.gross
            assert 0 <= invoice.balance * (1 if invoice.kind == "invoice" else -1) <= abs(invoice.gross)
            assert (invoice.balance == 0) == (
                invoice.status in ("Paid In Full", "Credited", "Fully Applied", "Written Off")
            )
            assert invoice.issued_on <= AS_OF
            billed[invoice.engagement.true_id] = billed.get(invoice.engagement.true_id, 0) + invoice.net
            if invoice.credit_of:
                assert (invoice.gross, invoice.credit_of.status) == (-invoice.credit_of.gross, "Credited")
        for engagement in portfolio.engagements:
            assert billed.get(engagement.true_id, 0) <= engagement.current_value


def test_a_milestone_is_on_one_live_invoice_only_and_was_approved(portfolios: list[Portfolio]) -> None:
    live: set[int] = set()
    for invoice in (each for portfolio in portfolios for each in portfolio.invoices):
        for line in invoice.lines:
            if line.milestone and invoice.status != "Credited":
                assert line.milestone.approved
                assert line.milestone.invoice_no == invoice.invoice_no
                assert line.milestone.serial not in live
                live.add(line.milestone.serial)
    assert len(live) > 50


def test_every_status_of_an_invoice_occurs(manifest: Manifest, portfolios: list[Portfolio]) -> None:
    found = {invoice.status for portfolio in portfolios for invoice in portfolio.invoices}
    assert found >= {
        "Draft", "Open", "Partially Paid", "Paid In Full", "Disputed", "Credited", "Fully Applied",
    }  # fmt: skip


def test_terms_exist_for_every_selling_entity(manifest: Manifest) -> None:
    terms = {
        row["id"]: {item["subsidiary"]["refName"] for item in row["subsidiaryTerms"]["items"]}
        for row in read(manifest.folder, "netsuite/customers.json")
    }
    orders = read(manifest.folder, "netsuite/sales_orders.ndjson")
    assert [
        row["id"] for row in orders if row["subsidiary"]["refName"] not in terms[row["entity"]["id"]]
    ] == []


def test_written_invoices_add_up(manifest: Manifest) -> None:
    bad = {row.row for row in manifest.bad_rows if row.file == "netsuite/invoices.ndjson"}
    for number, row in enumerate(read(manifest.folder, "netsuite/invoices.ndjson"), start=1):
        if number in bad:
            continue
        assert row["subtotal"] + row["taxTotal"] == pytest.approx(row["total"], abs=0.005)
        assert row["total"] - row["amountPaid"] == pytest.approx(row["amountRemaining"], abs=0.005)
        lines = row["item"]["items"]
        assert sum(line["amount"] for line in lines) == pytest.approx(row["subtotal"], abs=0.005)
        assert date.fromisoformat(row["tranDate"]) <= date.fromisoformat(row["dueDate"])


def test_people(firm: Firm, manifest: Manifest) -> None:
    workers = firm.workers
    assert len({worker.email for worker in workers}) == len(workers)
    assert {worker.kind for worker in workers} == {"Employee", "Contractor", "Generic"}
    rows = read(manifest.folder, "workday/workers.xlsx")
    rehired = [row for row in rows if row["Previous_Employee_ID"]]
    assert len(rehired) == manifest.records["workday.resource.duplicates"] > 0
    names = {row["Employee_ID"]: row["Legal_Name"] for row in rows}
    for row in rehired:
        assert names[row["Previous_Employee_ID"]] == row["Legal_Name"]
    linked = [row for row in read(manifest.folder, "certinia/resources.csv") if row["HR_Employee_ID__c"]]
    assert 0.7 <= len(linked) / manifest.records["certinia.resource"] <= 0.95
    assert sum(names[row["HR_Employee_ID__c"]] != row["Name"] for row in linked) >= 10
