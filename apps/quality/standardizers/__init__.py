"""The standardizers: importing this package registers them all."""

from apps.quality.standardizers import (
    address,
    choices,
    dates,
    geography,
    names,
    numbers,
    phone,
    registers,
    tax,
    text,
    web,
)

__all__ = [
    "address",
    "choices",
    "dates",
    "geography",
    "names",
    "numbers",
    "phone",
    "registers",
    "tax",
    "text",
    "web",
]
