"""Runs inside the Tryton environment: a company with its chart of accounts, and what invoices need."""

import json
import sys
from pathlib import Path

from trytond import config

config.update_etc(sys.argv[1])

from trytond.pool import Pool  # noqa: E402 - the configuration comes first
from trytond.transaction import Transaction, TransactionError  # noqa: E402 - the configuration comes first

DATABASE = "hub"


def prepare() -> dict[str, int]:
    """Return the ids that a connection needs."""
    from trytond.modules.account.tests import create_chart
    from trytond.modules.company.tests import create_company, set_company

    pool = Pool(DATABASE)
    Country, Currency = pool.get("country.country"), pool.get("currency.currency")
    Country.create(
        [{"name": name, "code": code} for name, code in (("Great Britain", "GB"), ("Germany", "DE"))]
    )
    currency, *_ = Currency.create(
        [
            {"name": "Pound", "code": "GBP", "symbol": "£", "rates": [("create", [{"rate": 1}])]},
            {"name": "Euro", "code": "EUR", "symbol": "€", "rates": [("create", [{"rate": 1}])]},
        ]
    )
    company = create_company("The Firm", currency)
    User = pool.get("res.user")
    User.write([User(1)], {"companies": [("add", [company.id])], "company": company.id})
    with set_company(company):
        create_chart(company)
        Account = pool.get("account.account")
        open_ones = [("company", "=", company.id), ("closed", "!=", True)]
        (receivable,) = Account.search([("type.receivable", "=", True), *open_ones], limit=1)
        (revenue,) = Account.search([("type.revenue", "=", True), *open_ones], limit=1)
    return {"company": company.id, "receivable": receivable.id, "revenue": revenue.id}


def main() -> None:
    Pool.start()
    Pool(DATABASE).init()
    extras: dict[str, object] = {}
    while True:
        with Transaction().start(DATABASE, 1, context={}, **extras) as transaction:
            try:
                found = prepare()
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)  # asks for locks that the next try takes at its beginning
                continue
        Path(sys.argv[2]).write_text(json.dumps(found))
        return


main()
