"""Keep reference data: codes, what systems call them, whether a list is closed. Records concerned are read again."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.audit.history import create_with_history
from apps.audit.services import record_deed
from apps.core.errors import Invalid
from apps.quality.codes.reading import lists_of_specs, unmapped_values
from apps.quality.codes.translation import plain
from apps.quality.models import Code, CodeList, CodeMapping
from apps.quality.reference.industries import NACE_TITLES
from apps.sources.models import SourceSystem
from apps.sources.services import mark_entity_pending

CODE_LISTS = {
    "country": ("Countries", "ISO 3166, two letters.", True),
    "currency": ("Currencies", "ISO 4217, three letters.", True),
    "industry": ("Industries", "NACE divisions; finer codes, NAICS and UK SIC are taken too.", True),
    "payment_terms": ("Payment terms", "net_30, eom_15, due_on_receipt; days can be any number.", True),
    "legal_entity": ("Legal entities", "The companies of the firm.", False),
    "practice": ("Practices", "Parts of the firm that people belong to.", False),
    "service_line": ("Service lines", "What the firm sells.", False),
    "tax_code": ("Tax codes", "Tax on the lines of an invoice.", False),
    "tax_profile": ("Tax profiles", "How a customer is taxed.", False),
}
"""Name: title, what it is, and whether a standard says what is valid."""

_TERMS = ("due_on_receipt", "prepaid", "net_7", "net_14", "net_30", "net_45", "net_60", "net_90", "eom_30")


class InvalidCode(Invalid):
    code = "invalid_code"
    title = "The reference data cannot be saved like this"


@transaction.atomic
def ensure_code_lists(*, now: datetime) -> None:
    """Create the lists that attributes name, with the codes of those a standard defines; nothing is overwritten."""
    there = set(CodeList.objects.values_list("name", flat=True))
    missing = []
    for name in lists_of_specs():
        if name not in there:
            title, about, standard = CODE_LISTS.get(name, (name.replace("_", " ").capitalize(), "", False))
            missing.append(CodeList(name=name, title=title, about=about, standard=standard))
    create_with_history(missing, now=now)
    made = {each.name for each in missing}
    codes = [
        Code(list_id="industry", code=f"nace:{division}", title=title) for division, title in NACE_TITLES
    ]
    codes += [Code(list_id="payment_terms", code=code, title=code.replace("_", " ")) for code in _TERMS]
    create_with_history([code for code in codes if code.list_id in made], now=now)


@transaction.atomic
def save_list(*, name: str, closed: bool, reason: str, now: datetime) -> CodeList:
    """Close a list, so that unmapped values are held back, or open it again. Raises InvalidCode."""
    listed = _list(name)
    if closed and not listed.standard and not listed.codes.exists():
        raise InvalidCode(
            f"{listed.title} has no codes yet: closed, it would hold back every value. Add codes first."
        )
    if closed and listed.standard:
        raise InvalidCode(f"{listed.title}: a standard says what is valid; it cannot be closed.")
    if listed.closed != closed:
        listed.closed = closed
        listed.save()
        _told("close code list" if closed else "open code list", name, {}, reason, now)
        _read_again(name, now)
    return listed


@transaction.atomic
def save_code(
    *,
    list_name: str,
    code: str,
    title: str,
    now: datetime,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Code:
    """Create or change a code of a list. Raises InvalidCode."""
    listed = _list(list_name)
    row = Code.objects.filter(list=listed, code=code).first() or Code(list=listed, code=code.strip())
    same = Code.objects.filter(list=listed, code__iexact=row.code).exclude(pk=row.pk).first()
    if same:
        raise InvalidCode(f"{same.code} is the same but for its case.")
    row.title, row.valid_from, row.valid_to = title.strip(), valid_from, valid_to
    _clean(row)
    row.save()
    _told("save code", list_name, {"code": row.code, "title": row.title}, "", now)
    _read_again(list_name, now)
    return row


@transaction.atomic
def map_value(
    *,
    list_name: str,
    system: str,
    external: str,
    code: str,
    now: datetime,
    inbound: bool = True,
    outbound: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> CodeMapping:
    """Say which code a system means by a text, and what it is sent for the code; replaces what was said before.

    Raises InvalidCode for an unknown list, system or code, and for two texts sent for one code.
    """
    listed = _list(list_name)
    target = Code.objects.filter(list=listed, code=code).first()
    if target is None:
        raise InvalidCode(f"{listed.title} has no code {code!r}; add it first.")
    if not SourceSystem.objects.filter(pk=system).exists():
        raise InvalidCode(f"There is no system {system!r}.")
    text = " ".join(external.split())
    same = CodeMapping.objects.filter(
        list=listed, system_id=system, external__iexact=text, valid_from=valid_from
    )
    row = same.first() or CodeMapping(list=listed, system_id=system, external=text, valid_from=valid_from)
    row.external, row.code, row.inbound, row.outbound, row.valid_to = (
        text,
        target,
        inbound,
        outbound,
        valid_to,
    )
    _clean(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise InvalidCode(
            f"{system} is sent another text for {code} already: a code has one text a system is sent."
        ) from None
    _told("map code", list_name, {"system": system, "external": text, "code": code}, "", now)
    _read_again(list_name, now)
    return row


@transaction.atomic
def unmap_value(*, mapping_id: int, now: datetime) -> None:
    """Forget what a system calls a code. Raises InvalidCode when it is gone already."""
    row = CodeMapping.objects.filter(pk=mapping_id).first()
    if row is None:
        raise InvalidCode("This mapping is gone already; reload the page.")
    _told("unmap code", row.list_id, {"system": row.system_id, "external": row.external}, "", now)
    row.delete()
    _read_again(row.list_id, now)


@transaction.atomic
def adopt_values(*, list_name: str, values: Iterable[str], now: datetime) -> int:
    """Make codes of these values as systems write them, the most usual spelling of each; return how many are new."""
    listed = _list(list_name)
    wanted = {plain(value) for value in values}
    known = {plain(code) for code in listed.codes.values_list("code", flat=True)}
    fresh: dict[str, str] = {}
    for each in unmapped_values(list_name):
        if plain(each.value) in wanted - known:
            fresh.setdefault(plain(each.value), each.value[:80])
    create_with_history([Code(list=listed, code=value, title=value) for value in fresh.values()], now=now)
    if fresh:
        _told("adopt codes", list_name, {"codes": sorted(fresh.values())}, "", now)
        _read_again(list_name, now)
    return len(fresh)


@transaction.atomic
def turn_codes(*, now: datetime) -> list[str]:
    """Have records read again whose codes, or words of systems for them, begin or end by today; return the lists.

    Run it daily: it acts on every day since it ran last.
    """
    today, turning = now.date(), []
    for listed in CodeList.objects.select_for_update().order_by("pk"):
        since = listed.turned_on
        if since is not None and since < today and _turns(listed, since, today):
            _read_again(listed.name, now)
            turning.append(listed.name)
    CodeList.objects.update(turned_on=today)
    return turning


def _turns(listed: CodeList, since: date, today: date) -> bool:
    begins = Q(valid_from__gt=since, valid_from__lte=today)
    within = begins | Q(valid_to__gte=since, valid_to__lt=today)
    return listed.codes.filter(within).exists() or listed.mappings.filter(within).exists()


def _list(name: str) -> CodeList:
    found = CodeList.objects.filter(pk=name).first()
    if found is None:
        raise InvalidCode(f"There is no list {name!r}.")
    return found


def _clean(row: Code | CodeMapping) -> None:
    try:
        row.clean_fields(exclude=["list", "code"] if isinstance(row, CodeMapping) else ["list"])
    except ValidationError as fault:
        problems = (f"{field}: {' '.join(texts)}" for field, texts in fault.message_dict.items())
        raise InvalidCode("; ".join(problems)) from None
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        raise InvalidCode("It ends before it begins.")


def _told(verb: str, name: str, detail: dict[str, str | Sequence[str]], reason: str, now: datetime) -> None:
    record_deed(verb=verb, now=now, subject=name, reason=reason, detail=dict(detail))


def _read_again(list_name: str, now: datetime) -> None:
    """Have every record that may hold a code of the list standardized again."""
    for entity_name in sorted({path.partition(".")[0] for path in lists_of_specs().get(list_name, ())}):
        mark_entity_pending(entity=entity_name, now=now)
