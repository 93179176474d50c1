"""Writes the extracts of all systems in one pass with bounded memory, and the truth beside them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from mdm.demo import certinia, netsuite, netsuite_work, salesforce, staff
from mdm.demo.bad_rows import Host, host_of, plant
from mdm.demo.batch import CUSTOMERS, TRUTH_COLUMNS, Batch, Row
from mdm.demo.cells import COLUMNS
from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.firm import Firm, Portfolio, generate
from mdm.demo.seeds import stream
from mdm.demo.sinks import Sink, collector_paused, open_sink
from mdm.demo.truth import BadRow, Dangling, FileFacts, Manifest

CUSTOMER_FILES = (salesforce.ACCOUNTS, salesforce.CONTACTS, netsuite.CUSTOMERS)
WORK_FILES = (
    salesforce.OPPORTUNITIES, netsuite_work.ORDERS, netsuite_work.JOBS, netsuite_work.INVOICES,
    certinia.ACCOUNTS, certinia.PROJECTS, certinia.MILESTONES, staff.ASSIGNMENTS,
)  # fmt: skip
STAFF_FILES = (staff.WORKERS, staff.RESOURCES, staff.RATES)
FILES = (netsuite.SUBSIDIARIES, *STAFF_FILES, *CUSTOMER_FILES, *WORK_FILES)
CHUNK = 100


class Writer:
    """The open files of one set of extracts; rows for files that were not asked for are dropped."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.sinks: dict[str, Sink] = {name: open_sink(folder, name, COLUMNS.get(name, ())) for name in names}

    def write(self, rows: dict[str, list[Row]]) -> None:
        """Appends the rows of a batch."""
        for name, part in rows.items():
            if name in self.sinks:
                self.sinks[name].write(part)

    def close(self) -> dict[str, FileFacts]:
        """Finishes all files."""
        return {name: FileFacts(sink.rows, sink.close()) for name, sink in self.sinks.items()}


def wanted_files(only: Iterable[str] | None) -> tuple[str, ...]:
    """The files to write, in their fixed order; ValueError for a name that does not exist."""
    if only is None:
        return FILES
    asked = set(only)
    if unknown := sorted(asked - set(FILES)):
        raise ValueError(f"no such extract: {', '.join(unknown)}; there are: {', '.join(FILES)}")
    return tuple(name for name in FILES if name in asked)


def add_customer(batch: Batch, firm: Firm, customer: TrueCustomer) -> None:
    """A customer in the CRM and the ERP, and in the truth."""
    rng = stream(firm.seed, "customer rows", customer.serial)
    batch.true_things["customer"] += 1
    batch.add(CUSTOMERS, [
        customer.true_id, customer.name.legal, customer.country.code, customer.tax_id,
        customer.registration_no, customer.domain,
        customer.parent_id, customer.group_id, customer.family,
    ])  # fmt: skip
    if customer.in_crm:
        salesforce.add_customer(batch, rng, customer, firm.staff.managers)
    if customer.in_erp:
        netsuite.add_customer(batch, rng, customer)


def add_work(batch: Batch, firm: Firm, portfolio: Portfolio) -> None:
    """A customer's work in CRM, ERP and PSA."""
    customer = portfolio.customer
    rng = stream(firm.seed, "work rows", customer.serial)
    account = ""
    for engagement in portfolio.engagements:
        batch.true_things["engagement" if engagement.won else "opportunity"] += 1
        shared = (
            salesforce.add_opportunity(batch, rng, engagement, firm.staff.managers)
            if customer.in_crm
            else True
        )
        if not engagement.won:
            continue
        account = account or certinia.add_account(batch, rng, customer)
        netsuite_work.add_order(batch, rng, engagement, shared=shared)
        in_erp = engagement.status != "signed" or rng.random() < 0.6  # some shells are still to come there
        for project in engagement.projects:
            batch.true_things["project"] += 1
            if in_erp:
                netsuite_work.add_job(batch, rng, engagement, project)
            certinia.add_project(batch, rng, engagement, project, account)
            for assignment in project.assignments:
                staff.add_assignment(batch, rng, engagement, project, assignment)
    for invoice in portfolio.invoices:
        batch.true_things["invoice"] += 1
        netsuite_work.add_invoice(batch, rng, invoice)


def chunks(customers: Iterator[TrueCustomer]) -> Iterator[list[TrueCustomer]]:
    """Customers in lists of at most CHUNK."""
    while part := list(islice(customers, CHUNK)):
        yield part


def _write_firm(firm: Firm, writer: Writer, names: tuple[str, ...]) -> tuple[Batch, list[Host]]:
    batch, hosts = Batch(), list[Host]()
    with_customers, with_work = (not set(names).isdisjoint(group) for group in (CUSTOMER_FILES, WORK_FILES))
    if netsuite.SUBSIDIARIES in names:
        netsuite.add_subsidiaries(batch)
    if not set(names).isdisjoint(STAFF_FILES):
        for worker in firm.workers:
            staff.add_worker(batch, worker, firm.workers, firm.seed)
    writer.write(batch.take())
    for number, part in enumerate(chunks(firm.iter_customers() if with_customers or with_work else iter(()))):
        for customer in part:
            if with_customers:
                add_customer(batch, firm, customer)
            if with_work:
                portfolio = firm.portfolio(customer)
                add_work(batch, firm, portfolio)
                if len(hosts) < firm.noise and (host := host_of(portfolio)):
                    hosts.append(host)
        batch.shuffle(firm.seed, number)
        writer.write(batch.take())
    return batch, hosts


def _write_bad_rows(firm: Firm, writer: Writer, hosts: list[Host]) -> tuple[list[BadRow], list[Dangling]]:
    bad, loose = [], []
    for planted in plant(firm, hosts):
        sink = writer.sinks.get(planted.file)
        if sink is None:
            continue
        sink.write([planted.row])
        if planted.expect == "dangling":
            loose.append(Dangling(planted.file, sink.rows, planted.key, planted.column, planted.value))
        else:
            bad.append(BadRow(
                planted.file, sink.rows, planted.key, planted.column, planted.value, planted.reason,
                planted.expect
            ))  # fmt: skip
    return bad, loose


def write_extracts(
    firm: Firm | int, folder: Path, *, seed: int = 7, noise: int = 1, only: Iterable[str] | None = None
) -> Manifest:
    """Writes a firm's extracts under `folder`; returns their manifest, also written as truth.json.

    `firm` may be a size: then `seed` and `noise` say which firm.
    `only` names the files wanted, all by default; ValueError for a name that does not exist.
    """
    if isinstance(firm, int):
        firm = generate(firm, seed, noise=noise)
    names = wanted_files(only)
    writer = Writer(folder, (*names, *(name for name in TRUTH_COLUMNS if name != "truth/changes.csv")))
    with collector_paused():
        batch, hosts = _write_firm(firm, writer, names)
        bad, loose = _write_bad_rows(firm, writer, hosts)
    manifest = Manifest(
        folder=str(folder), size=firm.size, seed=firm.seed, noise=firm.noise, wave=1, as_of=str(AS_OF),
        files=writer.close(),
        counts=dict(sorted(batch.true_things.items())), records=dict(sorted(batch.records.items())),
        disagreements=dict(sorted(batch.differences.items())), bad_rows=bad, dangling=loose,
    )  # fmt: skip
    manifest.save(folder)
    return manifest
