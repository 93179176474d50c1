"""Look records up by the attributes their spec names: "tax_ids.value" is the parameter `tax_id`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import sql

from apps.api.masking import personal_columns
from apps.api.parameters import Parameter
from apps.api.v1.record_sql import Tables
from apps.core.errors import Denied, HubError
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import Attribute, EntitySpec, Kind
from apps.quality.services import standardize_records

MOST_CANDIDATES = 20


class AmbiguousLookup(HubError):
    code = "ambiguous_lookup"
    title = "Several records have this value"
    status = 409


@dataclass(frozen=True)
class Lookup:
    """One way to look a record up: its parameter, and the attribute or column of items behind it."""

    parameter: str
    path: str
    attribute: Attribute
    collection: str = ""

    def document(self, value: Any) -> dict[str, Any]:
        """Return a record that holds nothing but this value."""
        return (
            {self.collection: [{self.attribute.name: value}]}
            if self.collection
            else {self.attribute.name: value}
        )

    def value_in(self, document: Mapping[str, Any]) -> Any:
        if not self.collection:
            return document.get(self.attribute.name)
        return next((item.get(self.attribute.name) for item in document.get(self.collection) or ()), None)

    def condition(self, spec: EntitySpec, past: Tables | None = None) -> sql.Composable:
        """Return a condition over aliases `e` and `h` with one parameter, an array of texts."""
        typed = typed_model(spec)
        if not self.collection:
            column = sql.Identifier("e", column_of(typed, self.attribute.name))
            return sql.SQL("{} = ANY(%s)").format(column)
        model = item_model(spec.collection(self.collection))
        if past:
            return sql.SQL("EXISTS (SELECT 1 FROM {} i WHERE i.{} = ANY(%s))").format(
                past.of(model, "record_id"), sql.Identifier(column_of(model, self.attribute.name))
            )
        return sql.SQL("e.record_id IN (SELECT record_id FROM {} WHERE {} = ANY(%s))").format(
            sql.Identifier(model._meta.db_table), sql.Identifier(column_of(model, self.attribute.name))
        )


def singular(word: str) -> str:
    """Return "address" for "addresses", "tax_id" for "tax_ids", "entry" for "entries"."""
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending) + replacement
    return word


@lru_cache(maxsize=256)
def lookups_of(spec: EntitySpec) -> Mapping[str, Lookup]:
    """Return the lookups of a spec by parameter: attributes by their name, `collection.column` by its singular.

    "tax_ids.value" is `tax_id`, "contacts.email" is `contact_email`.
    """
    found: dict[str, Lookup] = {}
    for path in spec.lookups:
        name, _, column = path.partition(".")
        if column:
            one = singular(name)
            parameter = one if column == "value" else f"{one}_{column}"
            found[parameter] = Lookup(parameter, path, spec.collection(name).column(column), name)
        else:
            found[name] = Lookup(name, name, spec.attribute(name))
    return {name: each for name, each in found.items() if each.attribute.kind in (Kind.TEXT, Kind.CHOICE)}


def is_personal(spec: EntitySpec, lookup: Lookup) -> bool:
    columns = personal_columns(spec).get(lookup.collection or lookup.attribute.name, frozenset())
    return columns is None or lookup.attribute.name in columns


@lru_cache(maxsize=256)
def lookup_parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            name,
            {"type": "string", "minLength": 1},
            f"{lookup.attribute.help or lookup.attribute.title.capitalize() + '.'} Matches `{lookup.path}`"
            f" as typed or in standard form.{' Needs the capability unmask.' if is_personal(spec, lookup) else ''}",
            personal=is_personal(spec, lookup),
        )
        for name, lookup in lookups_of(spec).items()
    )


def refuse_personal(parameters: Sequence[Parameter], given: Mapping[str, Any], *, masked: bool) -> None:
    """Raise Denied when a caller who may not see personal attributes asks by one."""
    asked = [each.name for each in parameters if each.personal and given.get(each.name)]
    if masked and asked:
        raise Denied(f"Asking by {', '.join(asked)} needs the capability 'unmask': it is personal.")


def forms_of(spec: EntitySpec, lookup: Lookup, value: str) -> list[str]:
    """Return a value as typed and in standard form: " https://www.Acme.com" finds the domain "acme.com"."""
    [record] = standardize_records(spec=spec, records=[lookup.document(value)])
    standard = lookup.value_in(record.values)
    return sorted({value, str(standard)} if standard is not None else {value})


def conditions_of(
    spec: EntitySpec, given: Mapping[str, Any], past: Tables | None = None
) -> list[tuple[sql.Composable, Any]]:
    """Return the conditions, with their parameter, of the lookups that were given, as of then if `past` is."""
    return [
        (lookup.condition(spec, past), forms_of(spec, lookup, given[name]))
        for name, lookup in lookups_of(spec).items()
        if given.get(name)
    ]
