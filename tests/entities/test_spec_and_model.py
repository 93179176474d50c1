"""Spec and typed table say the same, in both directions, for every registered entity."""

from typing import Any

import pytest
from django.db import models

from apps.golden.documents import item_model, typed_model
from apps.golden.models import GoldenEntity, GoldenItem
from apps.golden.registry import entities
from apps.golden.spec import Attribute, Collection, EntitySpec, Kind

FIELDS: dict[Kind, type[Any]] = {
    Kind.TEXT: models.CharField,
    Kind.CHOICE: models.CharField,
    Kind.INTEGER: models.BigIntegerField,
    Kind.DECIMAL: models.DecimalField,
    Kind.MONEY: models.DecimalField,
    Kind.BOOLEAN: models.BooleanField,
    Kind.DATE: models.DateField,
    Kind.TIMESTAMP: models.DateTimeField,
    Kind.REFERENCE: models.ForeignKey,
}
DIGITS = {Kind.DECIMAL: (20, 6), Kind.MONEY: (18, 2)}
SPECS = [pytest.param(spec, id=spec.name) for spec in entities.values()]
COLLECTIONS = [
    pytest.param(spec, collection, id=f"{spec.name}.{collection.name}")
    for spec in entities.values()
    for collection in spec.collections
]


def own_fields(model: type[models.Model], base: type[models.Model]) -> dict[str, Any]:
    inherited = {field.name for field in base._meta.local_fields}
    return {field.name: field for field in model._meta.local_fields if field.name not in inherited}


def assert_same(attribute: Attribute, field: Any) -> None:
    assert type(field) is FIELDS[attribute.kind], attribute.name
    assert field.null, f"{attribute.name} may be absent in every source"
    if attribute.kind in (Kind.TEXT, Kind.CHOICE):
        assert field.max_length == attribute.max_length, attribute.name
    if attribute.kind in DIGITS:
        assert isinstance(field, models.DecimalField)
        assert (field.max_digits, field.decimal_places) == DIGITS[attribute.kind], attribute.name
    if attribute.kind is Kind.CHOICE:
        assert attribute.choices == tuple(value for value, _ in field.choices or ()), attribute.name
        assert max(map(len, attribute.choices)) <= attribute.max_length
    if attribute.kind is Kind.REFERENCE:
        target = field.related_model
        assert target is typed_model(entities.get(attribute.references)), attribute.name


@pytest.mark.parametrize("spec", SPECS)
def test_typed_table_has_a_column_for_every_attribute_and_no_other(spec: EntitySpec) -> None:
    fields = own_fields(typed_model(spec), GoldenEntity)
    attributes = {attribute.name: attribute for attribute in spec.attributes if attribute.name != "status"}

    assert set(fields) == set(attributes)
    for name, attribute in attributes.items():
        assert_same(attribute, fields[name])


@pytest.mark.parametrize("spec", SPECS)
def test_status_is_an_attribute_with_the_states_of_the_lifecycle(spec: EntitySpec) -> None:
    status = spec.attribute("status")
    column = typed_model(spec)._meta.get_field("status")

    assert (status.kind, status.choices, status.max_length) == (
        Kind.CHOICE,
        spec.lifecycle.states,
        column.max_length,
    )


@pytest.mark.parametrize(("spec", "collection"), COLLECTIONS)
def test_child_table_has_a_column_for_every_attribute_and_no_other(
    spec: EntitySpec, collection: Collection
) -> None:
    fields = own_fields(item_model(collection), GoldenItem)

    assert set(fields) == {column.name for column in collection.columns}
    for column in collection.columns:
        assert_same(column, fields[column.name])
    assert set(collection.identity) <= set(fields)
    if collection.required_kinds:
        assert set(collection.required_kinds) <= set(collection.column(collection.identity[0]).choices)


@pytest.mark.parametrize(("spec", "collection"), COLLECTIONS)
def test_items_of_one_identity_cannot_stand_twice_under_a_record(
    spec: EntitySpec, collection: Collection
) -> None:
    unique = [c for c in item_model(collection)._meta.constraints if isinstance(c, models.UniqueConstraint)]

    assert [(c.fields, c.nulls_distinct) for c in unique] == [(("record", *collection.identity), False)]


def known_path(spec: EntitySpec, path: str) -> bool:
    name, _, column = path.partition(".")
    if column:
        return any(column == part.name for part in spec.collection(name).columns)
    return spec.attribute(name) is not None


@pytest.mark.parametrize("spec", SPECS)
def test_everything_a_spec_names_exists(spec: EntitySpec) -> None:
    paths = [*spec.lookups, *spec.filters, *(feature.path for feature in spec.match.features)]
    paths += [path for key in spec.match.keys for path in key]

    assert all(known_path(spec, path) for path in paths)
    assert spec.attribute(spec.title_attribute).required == "always"
    for attribute in spec.attributes:
        followed, _, target = attribute.derived.partition(".")
        if target:
            assert entities.get(spec.attribute(followed).references).attribute(target) is not None


@pytest.mark.parametrize("spec", SPECS)
def test_every_group_that_sources_feed_has_owners(spec: EntitySpec) -> None:
    fed = {a.group for a in spec.attributes if not a.derived} | {c.group for c in spec.collections}
    if spec.name != "vehicle":
        assert {owned.partition("@")[0] for owned in spec.owners} == fed
    roles = {role for owners in spec.owners.values() for role in owners}
    assert roles <= {"crm", "erp", "psa", "hris", "registry", "steward"}


@pytest.mark.parametrize("spec", SPECS)
def test_lookups_are_answered_by_an_index(spec: EntitySpec) -> None:
    for path in spec.lookups:
        name, _, column = path.partition(".")
        model = item_model(spec.collection(name)) if column else typed_model(spec)
        leading = {index.fields[0] for index in model._meta.indexes}
        assert (column or name) in leading, path


def test_people_and_their_rates_are_marked_personal() -> None:
    def personal(parts: tuple[Attribute, ...]) -> set[str]:
        return {part.name for part in parts if part.personal}

    resource, customer = entities.get("resource"), entities.get("customer")

    assert personal(resource.attributes) == {
        "name", "given_name", "family_name", "email", "phone", "hire_date", "term_date",
    }  # fmt: skip
    assert personal(resource.collection("cost_rates").columns) == {"amount"}
    assert personal(resource.collection("bill_rates").columns) == {"amount"}
    assert personal(resource.collection("assignments").columns) == {"rate"}
    assert personal(customer.collection("contacts").columns) == {"name", "email", "phone"}
    assert personal(customer.attributes) == set()
