"""Flat customer records for benchmarks, fast and lazily, each with the true customer it stands for."""

from collections.abc import Iterator

from mdm.demo import keys
from mdm.demo.customers import TrueCustomer, iter_families
from mdm.demo.disagree import CustomerView, customer_view
from mdm.demo.identifiers import TAX_SCHEME
from mdm.demo.seeds import stream

COLUMNS = (
    "system", "key", "legal_name", "tax_scheme", "tax_id", "registration_no", "duns", "domain", "phone", "email",
    "line1", "city", "region", "postcode", "country", "true_id",
)  # fmt: skip


def _flat(customer: TrueCustomer, system: str, view: CustomerView, copy: int) -> dict[str, str]:
    key = keys.account_id(customer.serial, copy)
    if system == "netsuite":
        key = keys.netsuite_customer(customer.serial, copy)
    seen, known = view.address, customer.serial % 3
    return {
        "system": system,
        "key": key,
        "legal_name": view.name,
        "tax_scheme": TAX_SCHEME[customer.country.code] if view.tax_id else "",
        "tax_id": view.tax_id,
        "registration_no": customer.registration_no if system == "netsuite" and known == 0 else "",
        "duns": customer.duns if system == "salesforce" and known == 1 else "",
        "domain": customer.domain if view.website else "",
        "phone": view.phone,
        "email": view.email,
        "line1": seen.line1,
        "city": seen.city,
        "region": seen.region,
        "postcode": seen.postcode,
        "country": seen.country,
        "true_id": customer.true_id,
    }


def customers_only(n: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """Exactly `n` customer records of CRM and ERP (columns in COLUMNS, "" for unknown), about 1.6 a customer."""
    left = n
    for family in iter_families(n, seed):
        for customer in family:
            rng = stream(seed, "flat", customer.serial)
            for system in customer.systems:
                for copy in range(1 + (system in customer.duplicated_in)):
                    if not left:
                        return
                    view = customer_view(rng, customer, system, duplicate=bool(copy))
                    yield _flat(customer, system, view, copy)
                    left -= 1
