"""Read lists, codes and maps; find what is not mapped yet and suggest what it may mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Q
from psycopg import sql
from rapidfuzz import fuzz, process, utils

from apps.core.bulk import raw_cursor
from apps.golden.registry import entities
from apps.quality.codes.translation import UNMAPPED, Codes, CodeTable, coded_places, plain
from apps.quality.models import Code, CodeList, CodeMapping

SUGGESTED = 3
LIKE_ENOUGH = 60  # of 100
# The count besides the newest: who commits later may have an older number.
_NEWEST = "SELECT {}".format(
    ", ".join(
        f"(SELECT array[coalesce(max(history_id), 0), count(*)] FROM quality_historical{table})"
        for table in ("codelist", "code", "codemapping")
    )
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code that an unmapped value may mean; `likeness` 0 to 100."""

    code: str
    title: str
    likeness: int


@dataclass(frozen=True, slots=True)
class UnmappedValue:
    """A value of a system that no code stands for, and in how many source records."""

    system: str
    value: str
    records: int
    places: tuple[str, ...]
    held: bool
    suggestions: tuple[Suggestion, ...] = ()


def active_codes(day: date) -> Codes:
    """Return all lists as they are on a day; read again only after something was changed, told by the history."""
    with raw_cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = tuple((last, count) for (last, count) in cursor.fetchone() or ())
    return _codes(newest, day)


@lru_cache(maxsize=4)
def _codes(_newest: tuple[tuple[int, int], ...], day: date) -> Codes:
    tables: dict[str, CodeTable] = {}
    codes: dict[str, dict[str, str]] = {}
    inbound: dict[str, dict[tuple[str, str], str]] = {}
    outbound: dict[str, dict[tuple[str, str], str]] = {}
    for name, code in Code.objects.filter(_holds(day)).values_list("list_id", "code"):
        codes.setdefault(name, {})[plain(code)] = code
    maps = CodeMapping.objects.filter(
        _holds(day), Q(code__valid_to__isnull=True) | Q(code__valid_to__gte=day)
    )
    rows = maps.order_by("valid_from", "pk").values_list(
        "list_id", "system_id", "external", "code__code", "inbound", "outbound"
    )
    for name, system, external, code, comes, goes in rows:
        if comes:
            inbound.setdefault(name, {})[system, plain(external)] = code
        if goes:
            outbound.setdefault(name, {})[system, code] = external
    for each in CodeList.objects.all():
        sent = outbound.get(each.name, {})
        tables[each.name] = CodeTable(
            each.name,
            each.closed,
            each.standard,
            codes.get(each.name, {}),
            inbound.get(each.name, {}),
            sent,
            frozenset(system for system, _ in sent),
        )
    return tables


def _holds(day: date) -> Q:
    """Return the condition that a row holds on a day."""
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    return begun & (Q(valid_to__isnull=True) | Q(valid_to__gte=day))


def lists_of_specs() -> dict[str, list[str]]:
    """Return, by list, the places of all entities that hold its codes ("customer.entity_terms.currency")."""
    found: dict[str, list[str]] = {}
    for spec in entities.values():
        for collection, name, listed in coded_places(spec):
            path = ".".join(part for part in (spec.name, collection, name) if part)
            found.setdefault(listed, []).append(path)
    return found


def unmapped_values(list_name: str) -> list[UnmappedValue]:
    """Return the values of live source records that no code of the list stands for, the most frequent first.

    As long as a list that is not standard has no codes, these are all values there are.
    """
    places = lists_of_specs().get(list_name, [])
    known = list(Code.objects.filter(list_id=list_name).values_list("code", "title"))
    if not known and CodeList.objects.filter(pk=list_name, standard=False).exists():
        return _all_values(places)
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT system_id, value, count(DISTINCT id), array_agg(DISTINCT place ORDER BY place), bool_or(held) FROM (
                SELECT s.id, s.system_id, i ->> 'value' AS value, i ->> 'severity' = 'downgrade' AS held,
                    q.entity || '.' || regexp_replace(i ->> 'attribute', '\\[[0-9]+\\]', '', 'g') AS place
                FROM quality_standardrecord q JOIN sources_sourcerecord s ON s.id = q.source_record_id
                CROSS JOIN LATERAL jsonb_array_elements(q.issues) AS i
                WHERE q.issues <> '[]' AND NOT s.deleted AND i ->> 'code' = %s
            ) found WHERE place = ANY(%s) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """,
            (UNMAPPED, places),
        )
        rows = cursor.fetchall()
    return [
        UnmappedValue(system, value, count, tuple(at), held, suggestions(value, known))
        for system, value, count, at, held in rows
    ]


def _all_values(places: Sequence[str]) -> list[UnmappedValue]:
    parts = []
    for place in places:
        entity_name, *path = place.split(".")
        value = "q.values ->> {}" if len(path) == 1 else "i ->> {}"
        items = "" if len(path) == 1 else " CROSS JOIN LATERAL jsonb_array_elements(q.values -> {}) i"
        parts.append(
            sql.SQL(
                "SELECT s.id, s.system_id, "
                + value
                + " AS value, {place} AS place FROM quality_standardrecord q"
                " JOIN sources_sourcerecord s ON s.id = q.source_record_id"
                + items.replace("{}", "{items}")
                + " WHERE q.entity = {entity} AND NOT s.deleted"
            ).format(
                sql.Literal(path[-1]),
                place=sql.Literal(place),
                items=sql.Literal(path[0]),
                entity=sql.Literal(entity_name),
            )
        )
    if not parts:
        return []
    statement = sql.SQL(
        "SELECT system_id, value, count(DISTINCT id), array_agg(DISTINCT place ORDER BY place) FROM ({}) found"
        " WHERE value IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    ).format(sql.SQL(" UNION ALL ").join(parts))
    with raw_cursor() as cursor:
        cursor.execute(statement)
        return [UnmappedValue(system, value, n, tuple(at), held=False) for system, value, n, at in cursor]


def suggestions(value: str, known: Sequence[tuple[str, str]]) -> tuple[Suggestion, ...]:
    """Return the codes whose code or title resembles a value most."""
    best: dict[str, int] = {}
    for position in (0, 1):
        choices = {code: (code, title)[position].replace("_", " ") for code, title in known}
        for _, likeness, code in process.extract(
            value, choices, scorer=fuzz.WRatio, processor=utils.default_process, limit=SUGGESTED
        ):
            best[code] = max(best.get(code, 0), round(likeness))
    titles = dict(known)
    ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:SUGGESTED]
    return tuple(
        Suggestion(code, titles[code], likeness) for code, likeness in ranked if likeness >= LIKE_ENOUGH
    )
