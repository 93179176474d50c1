"""Rules on amounts: arithmetic, signs, bounds, currencies."""

from collections.abc import Iterator

from apps.golden.spec import EntitySpec, Kind
from apps.quality.bounds import is_outside, range_of
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule
from apps.quality.rules.reading import CENT, Values, amount_of, has_attributes, issue_at, items_of


@rule("amounts_add_up")
def amounts_add_up(spec: EntitySpec) -> RuleCheck | None:
    """net + tax = gross, to the cent."""
    if not has_attributes(spec, "net", "tax", "gross"):
        return None

    def check(values: Values) -> Iterator[Issue]:
        net, tax, gross = (amount_of(values.get(name)) for name in ("net", "tax", "gross"))
        if net is not None and tax is not None and gross is not None and abs(net + tax - gross) > CENT:
            yield issue_at("gross", "amounts.gross", "block", f"Net and tax make {net + tax}.", gross)

    return check


@rule("lines_add_up")
def lines_add_up(spec: EntitySpec) -> RuleCheck | None:
    """The net amounts of the lines make the record's net, a cent a line allowed."""
    lines = next((c for c in spec.collections if c.name == "lines"), None)
    if (
        lines is None
        or not has_attributes(spec, "net")
        or "net" not in {column.name for column in lines.columns}
    ):
        return None

    def check(values: Values) -> Iterator[Issue]:
        net = amount_of(values.get("net"))
        parts = [amount_of(item.get("net")) for item in items_of(values, "lines")]
        known = [part for part in parts if part is not None]
        if net is None or not parts or len(known) < len(parts):
            return
        if abs(sum(known) - net) > CENT * len(known):
            yield issue_at("net", "amounts.lines", "warn", f"The lines make {sum(known)}.", net)

    return check


@rule("balance_fits")
def balance_fits(spec: EntitySpec) -> RuleCheck | None:
    """What is open is not more than what was charged; nothing is open once it is paid."""
    if not has_attributes(spec, "balance", "gross"):
        return None

    def check(values: Values) -> Iterator[Issue]:
        balance, gross = amount_of(values.get("balance")), amount_of(values.get("gross"))
        if balance is None:
            return
        if gross is not None and abs(balance) > abs(gross) + CENT:
            yield issue_at("balance", "amounts.balance", "warn", f"More than the gross of {gross}.", balance)
        if values.get("status") == "paid" and balance != 0:
            yield issue_at("balance", "amounts.open", "warn", "Paid, yet something is open.", balance)

    return check


@rule("sign_of_kind")
def sign_of_kind(spec: EntitySpec) -> RuleCheck | None:
    """A charge is not negative; a credit note is not positive unless its system writes credits so."""
    if not has_attributes(spec, "kind", "gross", "net"):
        return None

    def check(values: Values) -> Iterator[Issue]:
        net, gross = amount_of(values.get("net")), amount_of(values.get("gross"))
        if net is not None and gross is not None and net * gross < 0:
            yield issue_at("gross", "amounts.sign", "downgrade", "Net and gross have different signs.", gross)
        elif values.get("kind") == "invoice" and gross is not None and gross < 0:
            yield issue_at(
                "gross", "amounts.negative", "warn", "A negative charge: is it a credit note?", gross
            )

    return check


@rule("one_currency")
def one_currency(spec: EntitySpec) -> RuleCheck | None:
    """Items are in the currency of the record, unless they stand for several of our legal entities."""
    if not has_attributes(spec, "currency"):
        return None
    names = [
        c.name
        for c in spec.collections
        if "currency" in {column.name for column in c.columns} and "legal_entity" not in c.identity
    ]

    def check(values: Values) -> Iterator[Issue]:
        currency = values.get("currency")
        for name in names if currency else ():
            for number, item in enumerate(items_of(values, name)):
                if item.get("currency") not in (None, currency):
                    path = f"{name}[{number}].currency"
                    text = f"The record is in {currency}."
                    yield issue_at(path, "currency.mixed", "downgrade", text, item["currency"])

    return check if names else None


@rule("currency_with_money")
def currency_with_money(spec: EntitySpec) -> RuleCheck | None:
    """An amount needs a currency to mean anything."""
    amounts = [a.name for a in spec.attributes if a.kind is Kind.MONEY]
    if not amounts or not has_attributes(spec, "currency"):
        return None

    def check(values: Values) -> Iterator[Issue]:
        stated = [name for name in amounts if values.get(name) is not None]
        if stated and "currency" in values and values["currency"] is None:
            yield issue_at("currency", "currency.missing", "downgrade", f"{stated[0]} has no currency.")

    return check


@rule("within_bounds")
def within_bounds(spec: EntitySpec) -> RuleCheck | None:
    """Numbers that cannot be negative, or have an upper limit."""
    bounded = [(a.name, range_of(a)) for a in spec.attributes if range_of(a) != (None, None)]

    def check(values: Values) -> Iterator[Issue]:
        for name, bounds in bounded:
            value = values.get(name)
            if amount_of(value) is not None and is_outside(value, bounds):
                yield issue_at(name, "number.out_of_bounds", "block", "Outside its bounds.", value)

    return check if bounded else None
