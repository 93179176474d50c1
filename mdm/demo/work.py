"""True engagements, projects, milestones, schedules and bookings."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from mdm.demo.customers import TrueCustomer
from mdm.demo.vocabulary import LegalEntity
from mdm.demo.workforce import TrueWorker

MAX_ENGAGEMENTS = 8


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """An amendment; value in cents, `end_delta` in days."""

    seq: int
    value_delta: int
    end_delta: int
    status: str
    effective_on: date


@dataclass(slots=True)
class Milestone:
    """A milestone of a project; amount in cents."""

    serial: int
    name: str
    target: date
    actual: date | None
    amount: int
    approved: bool
    invoice_no: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleItem:
    """A planned billing of an engagement, by date or by milestone; amount in cents."""

    due: date
    milestone: str
    amount: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """A worker on a project; rate in cents per hour, allocation in percent."""

    serial: int
    worker: TrueWorker
    start: date
    end: date
    hours: int
    percent: int
    rate: int
    status: str


@dataclass(slots=True)
class TrueProject:
    """A project; budget in cents and hours."""

    serial: int
    true_id: str
    project_no: str
    name: str
    delivery: LegalEntity
    manager: TrueWorker
    billing_type: str
    start: date
    end: date
    stage: str
    budget: int
    hours: int
    parent: "TrueProject | None" = None
    milestones: list[Milestone] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)


@dataclass(slots=True)
class TrueEngagement:
    """A contract or, while `stage` is not Closed Won, an opportunity; amounts in cents."""

    serial: int
    true_id: str
    customer: TrueCustomer
    name: str
    stage: str
    contract_no: str
    master_agreement: str
    po_number: str
    entity: LegalEntity
    service_line: str
    contract_type: str
    base_value: int
    cap: int | None
    currency: str
    start: date
    end: date
    signed_on: date
    partner: TrueWorker
    rate_card: str
    status: str
    change_orders: list[ChangeOrder] = field(default_factory=list)
    schedule: list[ScheduleItem] = field(default_factory=list)
    projects: list[TrueProject] = field(default_factory=list)

    @property
    def won(self) -> bool:
        return self.stage == "Closed Won"

    @property
    def current_value(self) -> int:
        return self.base_value + sum(
            order.value_delta for order in self.change_orders if order.status == "Effective"
        )

    @property
    def current_end(self) -> date:
        extra = sum(order.end_delta for order in self.change_orders if order.status == "Effective")
        return self.end + timedelta(days=extra)
