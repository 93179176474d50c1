"""Payment terms written one way: "NET30", "30 days net" and "N/30" are "net_30"."""

import re

_AT_ONCE = re.compile(
    r"(?:payable |payment |due )*(?:on |upon )?(?:receipt|demand|delivery|invoice)|immediate(?:ly)?|"
    r"cod|net 0|0 days?"
    r"|due on receipt(?: of invoice)?|cash on delivery|sofort"
)
_BEFORE = re.compile(r"(?:pre ?paid|pre ?payment|(?:in |paid in |payment in )?advance|cia|pia)")
_DISCOUNT = re.compile(
    r"(\d{1,2}(?:\.\d)?) ?%? ?(?:/ ?)?(\d{1,3})(?: days?)?,? (?:n(?:et)? ?/? ?)(\d{1,3})(?: days?)?"
)
_END_OF_MONTH = re.compile(
    r"(?:net )?(\d{1,3}) ?(?:d|days?)? ?(?:from |after |\+ ?)?(?:the )?(?:eom|end of month|"
    r"month end|fin de mois)"
    r"|(?:eom|end of month|month end) ?\+? ?(\d{1,3}) ?(?:d|days?)?"
)
_NET = re.compile(
    r"(?:n|net|nett|terms|(?:payment |payable |due )?(?:in|within))? ?[/-]? ?(\d{1,3}) ?(?:d|days?|"
    r"tage|jours|dias|giorni)?"
    r"(?: ?(?:net|nett|netto|from invoice|after invoice|from (?:the )?invoice date|"
    r"from (?:the )?(?:date of )?invoice))?"
)
_BLANKS = re.compile(r"[\s_.]+")
_SNAKE = re.compile(r"[^a-z0-9]+")
_CANONICAL = re.compile(r"net_\d{1,3}|eom_\d{1,3}|due_on_receipt|prepaid|\d{1,2}(?:_\d)?_\d{1,3}_net_\d{1,3}")


def payment_terms(text: str) -> tuple[str, bool]:
    """Return the standard name of payment terms, and whether they were understood (else lower snake case)."""
    snake = _SNAKE.sub("_", text.lower()).strip("_")
    if _CANONICAL.fullmatch(snake) and "%" not in text and "." not in text:
        return snake, True
    plain = (
        _BLANKS.sub(" ", text.lower().replace("%", "% ")).strip() if "." not in text else text.lower().strip()
    )
    if _AT_ONCE.fullmatch(plain):
        return "due_on_receipt", True
    if _BEFORE.fullmatch(plain):
        return "prepaid", True
    if match := _DISCOUNT.fullmatch(plain):
        return f"{match[1].replace('.', '_')}_{match[2]}_net_{match[3]}", True
    if match := _END_OF_MONTH.fullmatch(plain):
        return f"eom_{int(match[1] or match[2])}", True
    if match := _NET.fullmatch(plain):
        days = int(match[1])
        return (f"net_{days}" if days else "due_on_receipt"), True
    return snake, False
