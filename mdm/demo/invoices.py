"""True invoices and credit notes of an engagement, consistent with its schedule, milestones and value."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from mdm.demo.customers import AS_OF
from mdm.demo.vocabulary import LegalEntity
from mdm.demo.work import Milestone, TrueEngagement, TrueProject
from mdm.demo.workforce import FX

MAX_INVOICES = 16
RECENT = 6  # older invoices of an engagement have left the extract
DISPUTES = ("Hours not approved", "PO number missing", "Price differs from order", "Service not accepted")


# what was billed on a day: (date, [(project, milestone, net)])
Billing = tuple[date, list[tuple[TrueProject, Milestone | None, int]]]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line; net and tax in cents, `period` as 2026-05."""

    project: TrueProject
    milestone: Milestone | None
    period: str
    text: str
    net: int
    tax: int


@dataclass(slots=True)
class TrueInvoice:
    """An invoice or credit note; money in cents, `paid` includes credits given."""

    serial: int
    true_id: str
    invoice_no: str
    kind: str
    engagement: TrueEngagement
    credit_of: "TrueInvoice | None"
    issued_on: date
    due_on: date
    terms: str
    tax_code: str
    tax_rate: int
    fx_rate: float
    lines: list[InvoiceLine]
    status: str
    paid: int
    paid_on: date | None = None
    dunning: int = 0
    dispute: str = ""

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def balance(self) -> int:
        return self.gross - self.paid


def tax_of(entity: LegalEntity, country: str) -> tuple[str, int]:
    """(tax code, rate in percent): domestic rate, or reverse charge across a border."""
    return (entity.tax, entity.tax_rate) if entity.country == country else (f"{entity.country}-RC", 0)


def fx_rate(engagement: TrueEngagement) -> float:
    """Value of one unit of the engagement's currency in that of the selling entity."""
    ours, theirs = engagement.entity.currency, engagement.currency
    return 1.0 if ours == theirs else round(FX[theirs] / FX[ours], 4)


def term_days(terms: str) -> int:
    """Net 30 means 30 days."""
    return int(terms.split()[1])


def _billings(
    engagement: TrueEngagement,
) -> list[tuple[date, list[tuple[TrueProject, Milestone | None, int]]]]:
    """What was billable until now, by date."""
    if engagement.contract_type == "milestone":
        return [
            (milestone.actual, [(project, milestone, milestone.amount)])
            for project in engagement.projects
            for milestone in project.milestones
            if milestone.approved and milestone.actual and milestone.amount > 0
        ]
    share = 1.0 if engagement.contract_type in ("fixed", "retainer") else 0.88
    due = [item for item in engagement.schedule if item.due <= AS_OF and item.amount > 0]
    made: list[Billing] = []
    for index, item in enumerate(due):
        net, running = (
            int(item.amount * share),
            [p for p in engagement.projects if p.start <= item.due] or engagement.projects,
        )
        project = running[index % len(running)]
        if len(running) > 1 and index % 3 == 2:
            other = running[(index + 1) % len(running)]
            made.append((item.due, [(project, None, net // 2), (other, None, net - net // 2)]))
        else:
            made.append((item.due, [(project, None, net)]))
    return made


def _settle(rng: Random, invoice: TrueInvoice) -> None:
    late, draw = (AS_OF - invoice.due_on).days, rng.random()
    if (AS_OF - invoice.issued_on).days < 8:
        invoice.status = "Draft" if draw < 0.4 else "Approved" if draw < 0.6 else "Open"
        return
    if draw < 0.03:
        invoice.status, invoice.dispute = "Disputed", rng.choice(DISPUTES)
    elif draw < 0.07:
        invoice.status, invoice.paid = "Partially Paid", int(invoice.gross * rng.choice((0.25, 0.5, 0.8)))
        invoice.paid_on = min(invoice.due_on, AS_OF)
    elif draw < 0.075 and late > 200:
        invoice.status = "Written Off"
        invoice.paid = invoice.gross
    elif late > 0 and draw < 0.93 - (0.25 if late < 30 else 0):
        invoice.status, invoice.paid = "Paid In Full", invoice.gross
        invoice.paid_on = min(invoice.due_on + timedelta(days=rng.randrange(-10, 21)), AS_OF)
    if invoice.balance and late > 0:
        invoice.dunning = 1 + (late > 15) + (late > 30) + (late > 60)


def _credit(rng: Random, invoice: TrueInvoice, serial: int) -> TrueInvoice:
    """A full credit note; it frees the invoice's milestones."""
    lines = [
        InvoiceLine(line.project, None, line.period, f"Credit: {line.text}", -line.net, -line.tax)
        for line in invoice.lines
    ]
    issued = min(invoice.issued_on + timedelta(days=rng.randrange(9, 30)), AS_OF)
    invoice.status, invoice.paid, invoice.paid_on, invoice.dispute, invoice.dunning = (
        "Credited",
        invoice.gross,
        None,
        "",
        0,
    )
    for line in invoice.lines:
        if line.milestone:
            line.milestone.invoice_no = ""
    return TrueInvoice(
        serial, f"I{serial:09d}", invoice.invoice_no.replace("INV", "CRN"), "creditMemo",
        invoice.engagement, invoice,
        issued, issued, invoice.terms, invoice.tax_code, invoice.tax_rate, invoice.fx_rate, lines,
        "Fully Applied", -invoice.gross,
    )  # fmt: skip


def invoices_of(rng: Random, engagement: TrueEngagement) -> list[TrueInvoice]:
    """The invoices and credit notes issued so far; sets the invoice number on billed milestones."""
    customer, entity = engagement.customer, engagement.entity
    made: list[TrueInvoice] = []
    code, rate = tax_of(entity, customer.country.code)
    fx = fx_rate(engagement)
    for billed_on, items in _billings(engagement)[-RECENT:]:
        serial = engagement.serial * MAX_INVOICES + len(made)
        issued = min(billed_on + timedelta(days=rng.randrange(0, 8)), AS_OF)
        number = f"INV-{entity.code[:2]}-{issued.year % 100}{serial:07d}"
        lines, month = [], str(billed_on)[:7]
        for project, milestone, net in items:
            text = milestone.name if milestone else f"{project.name[:60]} {month}"
            lines.append(InvoiceLine(project, milestone, month, text, net, round(net * rate / 100)))
            if milestone:
                milestone.invoice_no = number
        invoice = TrueInvoice(
            serial, f"I{serial:09d}", number, "invoice", engagement, None, issued,
            issued + timedelta(days=term_days(customer.terms)), customer.terms, code, rate, fx, lines,
            "Open", 0,
        )  # fmt: skip
        _settle(rng, invoice)
        made.append(invoice)
        if invoice.status == "Disputed" and rng.random() < 0.5 and len(made) < MAX_INVOICES - 1:
            made.append(_credit(rng, invoice, serial + 1))
    return made
