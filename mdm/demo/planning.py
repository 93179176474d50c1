"""Makes the work of a customer: contracts, change orders, billing schedules, projects, milestones, staffing."""

from datetime import date, timedelta
from random import Random

from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.vocabulary import entity_of, firm_words
from mdm.demo.work import (
    MAX_ENGAGEMENTS,
    Assignment,
    ChangeOrder,
    Milestone,
    ScheduleItem,
    TrueEngagement,
    TrueProject,
)
from mdm.demo.workforce import FX, Staff, TrueWorker

CONTRACT_TYPES = ("tm", "tm", "fixed", "fixed", "milestone", "milestone", "retainer", "capped")
REV_REC = {
    "tm": "As Billed",
    "capped": "As Billed",
    "fixed": "Percent Complete",
    "milestone": "Milestone",
    "retainer": "Straight Line",
}


def split_amount(rng: Random, total: int, parts: int) -> list[int]:
    """Whole hundreds that add up to the total, none negative."""
    rest, made = total, []
    for left in range(parts, 1, -1):
        piece = int(rest / left * rng.uniform(0.8, 1.2)) // 10_000 * 10_000
        made.append(piece)
        rest -= piece
    return [*made, rest]


def _change_orders(rng: Random, base: int, start: date) -> list[ChangeOrder]:
    if rng.random() > 0.22:
        return []
    orders = []
    for seq in range(1, 2 + (rng.random() < 0.3)):
        status = rng.choice(("Effective", "Effective", "Approved", "Proposed", "Rejected"))
        delta = int(base * rng.choice((-0.05, 0.1, 0.15, 0.25))) // 10_000 * 10_000
        effective = (
            min(start + timedelta(days=45 * seq), AS_OF)
            if status == "Effective"
            else start + timedelta(days=60 * seq)
        )
        orders.append(ChangeOrder(seq, delta, rng.choice((0, 0, 30, 60)), status, effective))
    return orders


def make_engagement(
    rng: Random, customer: TrueCustomer, index: int, stage: str, staff: Staff
) -> TrueEngagement:
    """An engagement or opportunity without its projects."""
    words, serial = firm_words(), customer.serial * MAX_ENGAGEMENTS + index
    entity_code = (
        customer.extra_entities[0] if customer.extra_entities and index == 1 else customer.legal_entity
    )
    entity, kind = entity_of(entity_code), rng.choice(CONTRACT_TYPES)
    start = (
        AS_OF - timedelta(days=rng.randrange(-40, 800))
        if stage == "Closed Won"
        else AS_OF + timedelta(days=rng.randrange(10, 150))
    )
    end = start + timedelta(days=30 * rng.randrange(2, 16))
    currency = entity.currency if rng.random() < 0.94 else "EUR" if entity.currency != "EUR" else "USD"
    base = (
        int(min(4_000_000, max(12_000, rng.lognormvariate(11.6, 0.9))) / FX[currency] * 0.86) // 500 * 50_000
    )
    partners = [worker for worker in staff.partners if worker.entity.code == entity_code] or staff.partners
    engagement = TrueEngagement(
        serial=serial,
        true_id=f"E{serial:08d}",
        customer=customer,
        name=f"{rng.choice(words.topics)} {rng.choice(words.stages)}",
        stage=stage,
        contract_no=f"{entity_code[:2]}-{start.year}-{serial:06d}",
        master_agreement=f"MSA-{customer.serial:05d}" if rng.random() < 0.4 else "",
        po_number=f"PO{rng.randrange(100_000, 999_999)}"
        if customer.po_required or rng.random() < 0.3
        else "",
        entity=entity,
        service_line=rng.choice(words.service_lines)["code"],
        contract_type=kind,
        base_value=base,
        cap=base if kind == "capped" else None,
        currency=currency,
        start=start,
        end=end,
        signed_on=start - timedelta(days=rng.randrange(3, 45)),
        partner=rng.choice(partners),
        rate_card=f"{entity_code}-STD-{start.year}",
        status="",
    )
    if stage == "Closed Won":
        engagement.change_orders = _change_orders(rng, base, start)
        engagement.status = _status(rng, engagement)
    return engagement


def _status(rng: Random, engagement: TrueEngagement) -> str:
    if engagement.start > AS_OF:
        return "signed"
    if engagement.current_end < AS_OF - timedelta(days=120):
        return "closed"
    if engagement.current_end < AS_OF:
        return "completed"
    return "on_hold" if rng.random() < 0.04 else "active"


def _project_stage(engagement: TrueEngagement, end: date) -> str:
    stages = {"signed": "Planned", "closed": "Closed", "completed": "Completed", "on_hold": "On Hold"}
    return stages.get(engagement.status) or ("Completed" if end < AS_OF else "In Progress")


def _billing_type(contract_type: str) -> str:
    return {"fixed": "Fixed Price", "milestone": "Milestone", "retainer": "Fixed Price"}.get(
        contract_type, "Time and Materials"
    )


def add_projects(rng: Random, engagement: TrueEngagement, staff: Staff) -> None:
    """One to three projects within the engagement's dates; budgets add up to the current value."""
    words, count = firm_words(), 1 + (rng.random() < 0.28) + (rng.random() < 0.08)
    start, end = engagement.start, engagement.current_end
    for index, budget in enumerate(split_amount(rng, engagement.current_value, count)):
        first = start + timedelta(days=rng.randrange(0, 20)) if index else start
        last = end - timedelta(days=rng.randrange(0, 25)) if index else end
        serial = engagement.serial * 4 + index
        delivery = engagement.entity if rng.random() < 0.85 else rng.choice(words.legal_entities)
        part = f" - {rng.choice(words.project_parts)}" if count > 1 else ""
        project = TrueProject(
            serial=serial,
            true_id=f"P{serial:08d}",
            project_no=f"P{engagement.start.year % 100}-{serial:06d}",
            name=f"{engagement.customer.name.brand}: {engagement.name}{part}",
            delivery=delivery,
            manager=staff.managers[int(rng.random() ** 1.5 * len(staff.managers))],
            billing_type=_billing_type(engagement.contract_type),
            start=first,
            end=max(last, first + timedelta(days=14)),
            stage=_project_stage(engagement, last),
            budget=budget,
            hours=max(16, round(budget / 100 * FX[engagement.currency] / 160)),
            parent=engagement.projects[0] if index and rng.random() < 0.3 else None,
        )
        _book(rng, engagement, project, staff.bookable)
        engagement.projects.append(project)
    _plan_billing(rng, engagement)


def _book(rng: Random, engagement: TrueEngagement, project: TrueProject, workers: list[TrueWorker]) -> None:
    count, chosen = 1 + int(rng.random() * 3), set()
    for index in range(count):
        worker = workers[int(rng.random() * len(workers))]
        start = max(project.start, worker.hired)
        end = min(project.end, worker.left or project.end)
        if worker.serial in chosen or start >= end:
            continue
        chosen.add(worker.serial)
        percent = rng.choice((20, 40, 50, 80, 100))
        status = (
            "Closed" if end < AS_OF else "Tentative" if start > AS_OF + timedelta(days=20) else "Scheduled"
        )
        rate = round(worker.bill_rate / 100 * FX[worker.entity.currency] / FX[engagement.currency]) * 100
        hours = max(8, round((end - start).days / 7 * worker.weekly_hours * percent / 100))
        serial = project.serial * 4 + index
        project.assignments.append(Assignment(serial, worker, start, end, hours, percent, rate, status))


def _plan_billing(rng: Random, engagement: TrueEngagement) -> None:
    """The billing schedule; for fixed and milestone contracts it adds up to the current value."""
    span = (engagement.current_end - engagement.start).days
    if engagement.contract_type in ("milestone", "fixed"):
        for project in engagement.projects:
            _add_milestones(rng, engagement, project)
        if engagement.contract_type == "milestone":
            return
    months = max(1, min(span // 30, 12))
    parts = 4 if engagement.contract_type == "fixed" else months
    for index, amount in enumerate(split_amount(rng, engagement.current_value, parts)):
        due = engagement.start + timedelta(
            days=span * (index + 1) // (parts + 1) if parts == 4 else 30 * (index + 1)
        )
        engagement.schedule.append(ScheduleItem(due, "", amount))


def _add_milestones(rng: Random, engagement: TrueEngagement, project: TrueProject) -> None:
    count, span = rng.randrange(2, 5), (project.end - project.start).days
    names = ("Kick-off", "Design approved", "Build complete", "Go-live", "Acceptance")
    by_milestone = engagement.contract_type == "milestone"
    amounts = split_amount(rng, project.budget, count) if by_milestone else [0] * count
    for index, amount in enumerate(amounts):
        target = project.start + timedelta(days=span * (index + 1) // count)
        reached = target < AS_OF - timedelta(days=5) and engagement.status != "on_hold"
        actual = min(target + timedelta(days=rng.randrange(-5, 15)), AS_OF) if reached else None
        name = names[index] if index < count - 1 else names[4]
        project.milestones.append(
            Milestone(project.serial * 4 + index, name, target, actual, amount, reached)
        )
        if by_milestone:
            engagement.schedule.append(ScheduleItem(target, name, amount))


def engagements_of(rng: Random, customer: TrueCustomer, staff: Staff) -> list[TrueEngagement]:
    """All engagements and opportunities of a customer, with projects where won."""
    draw, stages = rng.random(), []
    if customer.in_erp and customer.status != "Closed":
        stages = ["Closed Won"] * ((draw > 0.28) + (draw > 0.70) + (draw > 0.90) + (draw > 0.97))
    if customer.in_crm and customer.status in ("Prospect", "Onboarding", "Active") and rng.random() < 0.35:
        stages.append(
            "Closed Lost" if rng.random() < 0.4 else rng.choice(("Qualification", "Proposal", "Negotiation"))
        )
    made = [make_engagement(rng, customer, index, stage, staff) for index, stage in enumerate(stages)]
    for engagement in made:
        if engagement.won:
            add_projects(rng, engagement, staff)
    return made
