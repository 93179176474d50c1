"""The firm as a whole: deterministic from (size, seed), streamed customer by customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mdm.demo.customers import Allocator, TrueCustomer, iter_families
from mdm.demo.invoices import TrueInvoice, invoices_of
from mdm.demo.planning import engagements_of
from mdm.demo.seeds import SeenFilter, stream
from mdm.demo.work import TrueEngagement
from mdm.demo.workforce import Staff, TrueWorker, make_workforce, staff_of

LATER_GAP = 10_000


@dataclass(slots=True)
class Portfolio:
    """A customer with its engagements, opportunities, and the invoices of each engagement."""

    customer: TrueCustomer
    engagements: list[TrueEngagement]
    invoices: list[TrueInvoice]


@dataclass(frozen=True)
class Firm:
    """A firm of `size` true customers; nothing but the workforce is kept in memory."""

    size: int = 300
    seed: int = 7
    noise: int = 1

    def __post_init__(self) -> None:
        if self.size < 1 or self.seed < 0 or self.noise < 0:
            raise ValueError("size must be at least 1, seed and noise not negative")

    @cached_property
    def workers(self) -> list[TrueWorker]:
        """Everybody who works for the firm; the first six are partners."""
        return make_workforce(self.size, self.seed)

    @cached_property
    def staff(self) -> Staff:
        """Who can sell, lead and work."""
        return staff_of(self.workers)

    def iter_customers(self, *, more: int = 0) -> Iterator[TrueCustomer]:
        """All true customers in order of their serial, then `more` that came later (serials leave a gap)."""
        allocator = Allocator(SeenFilter(self.size + more))
        for family in iter_families(self.size, self.seed, allocator=allocator):
            yield from family
        if more:
            first = self.size + LATER_GAP
            for family in iter_families(more, self.seed, first=first, allocator=allocator):
                yield from family

    def portfolio(self, customer: TrueCustomer) -> Portfolio:
        """Engagements and invoices of one customer."""
        rng = stream(self.seed, "work", customer.serial)
        engagements = engagements_of(rng, customer, self.staff)
        invoices = [
            invoice
            for engagement in engagements
            if engagement.won
            for invoice in invoices_of(rng, engagement)
        ]
        return Portfolio(customer, engagements, invoices)

    def iter_portfolios(self) -> Iterator[Portfolio]:
        """All customers with their work."""
        for customer in self.iter_customers():
            yield self.portfolio(customer)


def generate(size: int = 300, seed: int = 7, *, noise: int = 1) -> Firm:
    """A firm with `size` true customers; `noise` is how often its extracts show each kind of bad row."""
    return Firm(size, seed, noise)
