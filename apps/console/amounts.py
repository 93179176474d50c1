"""How amounts of money read on screen."""

from decimal import Decimal, InvalidOperation
from typing import Any


def grouped_amount(value: Any) -> str:
    """Return an amount of money, also as text, as "16,643,300.00"; what is none as it is."""
    try:
        return f"{Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return str(value)
