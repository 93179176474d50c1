"""Does a target hold what was written? Its record has more fields, other number types, nothing for empty."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation


def holds(written: object, held: object) -> bool:
    """Tell whether `held` has everything that `written` says; in doubt it does not.

    Objects may have further members, lists must have the same items in the same order; null, empty and
    absent are the same, numbers are compared by value whether they come as text or not.
    """
    if isinstance(written, Mapping):
        if not isinstance(held, Mapping):
            return all(_nothing(value) for value in written.values()) and _nothing(held)
        return all(holds(value, held.get(name)) for name, value in written.items())
    if isinstance(written, list):
        if not isinstance(held, list) or len(held) != len(written):
            return not written and _nothing(held)
        return all(holds(left, right) for left, right in zip(written, held, strict=True))
    if _nothing(written) or _nothing(held):
        return _nothing(written) and _nothing(held)
    if isinstance(written, bool) or isinstance(held, bool):
        return written is held
    return _same(written, held)


def _nothing(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _same(written: object, held: object) -> bool:
    if written == held:
        return True
    try:
        return Decimal(str(written)) == Decimal(str(held))
    except InvalidOperation:
        return False
