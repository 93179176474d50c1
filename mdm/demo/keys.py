"""The key each system gives each thing, derived from the true serial, and times of last change."""

from datetime import date, timedelta
from functools import cache
from random import Random

from mdm.demo.identifiers import salesforce_id

ORG_CERTINIA = "Px"
MINUTES = [f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]


@cache
def _day_before(latest: date, days: int) -> str:
    return str(latest - timedelta(days=days))


def account_id(serial: int, copy: int = 0) -> str:
    """Salesforce Account; copy 1 is the duplicate."""
    return salesforce_id("001", serial * 4 + copy)


def contact_role_id(serial: int, index: int, copy: int = 0) -> str:
    """Salesforce AccountContactRole."""
    return salesforce_id("02Z", serial * 16 + copy * 8 + index)


def contact_id(serial: int, index: int, copy: int = 0) -> str:
    """Salesforce Contact."""
    return salesforce_id("003", serial * 16 + copy * 8 + index)


def user_id(worker: int) -> str:
    """Salesforce User of a worker."""
    return salesforce_id("005", worker)


def opportunity_id(engagement: int) -> str:
    """Salesforce Opportunity."""
    return salesforce_id("006", engagement)


def change_order_id(order: int) -> str:
    """Salesforce change order of an opportunity."""
    return salesforce_id("a0C", order)


def netsuite_customer(serial: int, copy: int = 0) -> str:
    """NetSuite internal id of a customer."""
    return str(100_000 + serial * 2 + copy)


def customer_number(serial: int, copy: int = 0) -> str:
    """The customer number the ERP gave."""
    return f"C{100_000 + serial}" if not copy else f"C9{100_000 + serial}"


def sales_order(engagement: int) -> str:
    """NetSuite internal id of a sales order."""
    return str(3_000_000 + engagement)


def job(project: int) -> str:
    """NetSuite internal id of a job."""
    return str(50_000_000 + project)


def invoice(serial: int) -> str:
    """NetSuite internal id of an invoice or credit memo."""
    return str(200_000_000 + serial)


def psa_account(serial: int) -> str:
    """Certinia account."""
    return salesforce_id("001", serial, org=ORG_CERTINIA)


def psa_project(project: int) -> str:
    """Certinia project."""
    return salesforce_id("a2F", project, org=ORG_CERTINIA)


def psa_milestone(milestone: int) -> str:
    """Certinia milestone."""
    return salesforce_id("a2M", milestone, org=ORG_CERTINIA)


def psa_resource(worker: int) -> str:
    """Certinia resource (a Contact)."""
    return salesforce_id("003", worker, org=ORG_CERTINIA)


def psa_assignment(assignment: int) -> str:
    """Certinia assignment."""
    return salesforce_id("a2A", assignment, org=ORG_CERTINIA)


def psa_rate(rate: int) -> str:
    """Certinia rate row."""
    return salesforce_id("a2R", rate, org=ORG_CERTINIA)


def stamp(rng: Random, latest: date, *, within: int = 280) -> str:
    """A time of last change in the `within` days up to the end of `latest`, RFC 3339."""
    day = _day_before(latest, int(rng.random() ** 2 * within))
    minutes, second = divmod(int(rng.random() * 86_400), 60)
    return f"{day}{MINUTES[minutes]}:{second:02d}Z"
