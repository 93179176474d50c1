"""What HRIS and PSA hold about the firm's people: workers, resources, rates, assignments."""

from datetime import date, timedelta
from random import Random
from typing import Any

from mdm.demo import keys
from mdm.demo.batch import Batch, cents
from mdm.demo.certinia import practice, truth_value
from mdm.demo.customers import AS_OF
from mdm.demo.people import mailbox, typo
from mdm.demo.seeds import stream
from mdm.demo.vocabulary import firm_words
from mdm.demo.work import Assignment, TrueEngagement, TrueProject
from mdm.demo.workforce import TrueWorker

WORKERS, RESOURCES = "workday/workers.xlsx", "certinia/resources.csv"
RATES, ASSIGNMENTS = "certinia/rates.csv", "certinia/assignments.csv"
COLUMNS: dict[str, tuple[str, ...]] = {
    WORKERS: (
        "Employee_ID", "Worker_Type", "Legal_First_Name", "Legal_Last_Name", "Preferred_First_Name",
        "Legal_Name", "Work_Email",
        "Work_Phone", "Company", "Company_Reference", "Cost_Center", "Manager_Employee_ID", "Hire_Date",
        "Original_Hire_Date",
        "Termination_Date", "Worker_Status", "Location", "Job_Title", "Job_Level", "Time_Type", "FTE",
        "Weekly_Hours",
        "Work_Calendar", "Previous_Employee_ID", "Last_Modified",
    ),
    RESOURCES: (
        "Id", "FirstName", "LastName", "Name", "Email", "Phone", "pse__Is_Resource__c",
        "pse__Is_Resource_Active__c",
        "pse__Salesforce_User__c", "HR_Employee_ID__c", "pse__Resource_Role__c", "Grade__c",
        "pse__Practice__c", "pse__Region__c",
        "pse__Group__c", "pse__Work_Calendar__c", "pse__Utilization_Target__c", "pse__Default_Cost_Rate__c",
        "pse__Default_Bill_Rate__c", "CurrencyIsoCode", "Skills__c", "Worker_Type__c", "MailingCity",
        "pse__Start_Date__c",
        "pse__Last_Date__c", "SystemModstamp",
    ),
    RATES: (
        "Id", "pse__Resource__c", "Rate_Type__c", "pse__Start_Date__c", "pse__End_Date__c", "pse__Rate__c",
        "CurrencyIsoCode",
        "SystemModstamp",
    ),
    ASSIGNMENTS: (
        "Id", "pse__Resource__c", "pse__Project__c", "pse__Role__c", "pse__Start_Date__c", "pse__End_Date__c",
        "pse__Planned_Hours__c", "pse__Percent_Allocated__c", "pse__Bill_Rate__c", "CurrencyIsoCode",
        "pse__Status__c",
        "SystemModstamp",
    ),
}  # fmt: skip
LEVELS = ("C1", "C2", "M1", "M2", "D1", "P1")


def _manager(worker: TrueWorker, workers: list[TrueWorker]) -> TrueWorker | None:
    """The next person up the line whom the HRIS knows; None for the head of the firm."""
    above = workers[worker.manager - 1] if worker.manager else None
    while above and not above.in_hris:
        above = workers[above.manager - 1] if above.manager else None
    return above


def worker_row(rng: Random, worker: TrueWorker, workers: list[TrueWorker]) -> list[Any]:
    """A worker as the HRIS holds it; dates are real dates."""
    person, manager = worker.person, _manager(worker, workers)
    contingent = worker.kind == "Contractor"
    return [
        worker.worker_id, "Contingent Worker" if contingent else "Employee", person.given, person.family,
        person.nick if rng.random() < 0.5 else person.given, person.full, worker.email, worker.phone,
        worker.entity.name,
        worker.entity.code, worker.cost_centre, manager.worker_id if manager else None, worker.hired,
        worker.first_hired,
        worker.left, worker.status, worker.city, worker.role, LEVELS[worker.level],
        "Full time" if worker.fte == 1 else "Part time", worker.fte, worker.weekly_hours, worker.calendar,
        worker.previous_id or None, keys.stamp(rng, AS_OF),
    ]  # fmt: skip


def _former_row(rng: Random, row: list[Any], worker: TrueWorker) -> list[Any]:
    """The first employment of somebody who left and came back."""
    left = worker.first_hired + timedelta(days=400)
    former = list(row)
    former[0], former[12], former[14], former[15] = worker.previous_id, worker.first_hired, left, "Terminated"
    former[23], former[24] = None, f"{left}T17:00:00Z"
    former[7] = None
    return former


def _psa_name(rng: Random, worker: TrueWorker) -> tuple[str, str, str]:
    """(first name, last name, kind of difference or "")"""
    person, draw = worker.person, rng.random()
    if worker.kind == "Generic":
        return person.given, person.family, ""
    if worker.former_family:
        return person.given, worker.former_family, "former_name"
    if draw < 0.20 and person.nick != person.given:
        return person.nick, person.family, "nickname"
    if draw < 0.25:
        return f"{person.given[0]}.", person.family, "initial"
    if draw < 0.28:
        return person.family, person.given, "transposed"
    return (
        (person.given, typo(rng, person.family), "typo") if draw < 0.31 else (person.given, person.family, "")
    )


def resource_row(rng: Random, worker: TrueWorker, first: str, last: str) -> list[Any]:
    """A resource as the PSA holds it."""
    former, draw = worker.former_family, rng.random()
    mail = (
        worker.email
        if not former
        else mailbox(type(worker.person)(first, first, last), worker.email.split("@")[1])
    )
    skills = ";".join(
        f"{skill}:{1 + (worker.serial + place) % 4}" for place, skill in enumerate(worker.skills)
    )
    active = worker.status not in ("Terminated", "Pre-Hire")
    return [
        keys.psa_resource(worker.serial), first, last, f"{first} {last}",
        mail if worker.kind != "Generic" else "",
        worker.phone if rng.random() < 0.6 and worker.kind != "Generic" else "", "true", truth_value(active),
        keys.user_id(worker.serial) if rng.random() < 0.7 and worker.kind != "Generic" else "",
        worker.worker_id if worker.in_hris and draw > 0.1 else "", worker.role, LEVELS[worker.level],
        practice(worker.service_line),
        worker.region, f"{worker.entity.country} {worker.service_line}", worker.calendar,
        worker.utilization, cents(worker.cost_rate),
        cents(worker.bill_rate), worker.entity.currency, skills, worker.kind, worker.city, str(worker.hired),
        str(worker.left or ""), keys.stamp(rng, AS_OF),
    ]  # fmt: skip


def _add_rates(batch: Batch, rng: Random, worker: TrueWorker) -> None:
    changed = max(date(AS_OF.year, 1, 1), worker.hired)
    resource = keys.psa_resource(worker.serial)
    for index, (kind, rate) in enumerate((("Cost", worker.cost_rate), ("Bill", worker.bill_rate))):
        if changed > worker.hired:
            old = [worker.hired, changed - timedelta(days=1), round(rate * 0.96) // 100 * 100]
            _add_rate(batch, rng, worker.serial * 4 + index * 2, resource, kind, old, worker.entity.currency)
        _add_rate(
            batch,
            rng,
            worker.serial * 4 + index * 2 + 1,
            resource,
            kind,
            [changed, "", rate],
            worker.entity.currency,
        )


def _add_rate(
    batch: Batch, rng: Random, serial: int, resource: str, kind: str, span: list[Any], currency: str
) -> None:
    start, end, rate = span
    batch.add(
        RATES,
        [
            keys.psa_rate(serial),
            resource,
            kind,
            str(start),
            str(end),
            cents(rate),
            currency,
            keys.stamp(rng, AS_OF),
        ],
    )


def add_worker(batch: Batch, worker: TrueWorker, workers: list[TrueWorker], seed: int) -> None:
    """Everything HRIS and PSA hold about one person."""
    rng = stream(seed, "staff", worker.serial)
    batch.true_things["resource"] += 1
    if worker.in_hris:
        row = worker_row(rng, worker, workers)
        batch.add(WORKERS, row)
        batch.known("workday", "resource", worker.worker_id, worker.true_id)
        if worker.previous_id:
            batch.add(WORKERS, _former_row(rng, row, worker))
            batch.known("workday", "resource", worker.previous_id, worker.true_id, duplicate=True)
    if worker.in_psa:
        first, last, kind = _psa_name(rng, worker)
        batch.add(RESOURCES, resource_row(rng, worker, first, last))
        key = keys.psa_resource(worker.serial)
        batch.known("certinia", "resource", key, worker.true_id)
        if kind:
            batch.differs(
                "resource",
                worker.true_id,
                "certinia",
                key,
                ("name", kind, worker.person.full, f"{first} {last}"),
            )
        _add_rates(batch, rng, worker)


def add_assignment(
    batch: Batch, rng: Random, engagement: TrueEngagement, project: TrueProject, assignment: Assignment
) -> None:
    """A booking of a worker on a project."""
    worker = assignment.worker
    batch.add(ASSIGNMENTS, [
        keys.psa_assignment(assignment.serial), keys.psa_resource(worker.serial),
        keys.psa_project(project.serial),
        firm_words().roles[worker.level], str(assignment.start), str(assignment.end), assignment.hours,
        assignment.percent,
        cents(assignment.rate), engagement.currency, assignment.status, keys.stamp(rng, AS_OF),
    ])  # fmt: skip
