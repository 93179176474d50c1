"""Inbound layouts: rows to records, bad cells to errors, several rows to one record."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.connectors.mappings import FieldError, MappingDocumentError, compile_layout

HEAD = "layout: toy.things\nsystem: toy\n"


def layout(records: str, head: str = HEAD) -> Any:
    return compile_layout(f"{head}records:\n{records}")


FLAT = layout("""
  - entity: customer
    key: Id
    source_version: Stamp
    deleted: {"true": IsDeleted}
    fields:
      legal_name: Name
      parent: {from: ParentId, reference: {}}
      partner: {from: Partner, reference: {system: workday}}
      start: {from: Start, do: [{date: "%d/%m/%Y"}]}
      status: {const: active}
      owner: {from: Owner, default: nobody}
    collections:
      addresses:
        - {kind: {const: registered}, city: City, country: {const: GB}}
        - {kind: {const: ship_to}, city: Ship City}
""")


def test_maps_a_flat_row() -> None:
    row = {"Id": " 7 ", "Stamp": "2026-01-31", "IsDeleted": "true", "Name": " Acme ", "ParentId": "6", "Partner": "100",
           "Start": "01/02/2026", "Owner": "", "City": "Leeds", "Ship City": "", "Other": "kept raw"}  # fmt: skip
    (record,) = FLAT.map(row)
    assert (record.entity, record.key, record.source_version, record.deleted) == (
        "customer",
        "7",
        "2026-01-31",
        True,
    )
    assert record.values == {
        "legal_name": "Acme",
        "parent": {"system": "toy", "key": "6"},
        "partner": {"system": "workday", "key": "100"},
        "start": "2026-02-01",
        "status": "active",
        "owner": "nobody",
        "addresses": [{"kind": "registered", "city": "Leeds", "country": "GB"}],
    }
    assert record.errors == ()
    assert FLAT.keyed(row) == [("customer", "7")]
    assert FLAT.keys(row) == [(0, "7")]
    assert "Other" not in FLAT.columns_used
    assert FLAT.columns_used >= {"Id", "Name", "City", "Ship City", "IsDeleted", "Stamp"}


def test_absent_null_and_empty_are_three_things() -> None:
    assert "legal_name" not in FLAT.map({"Id": "1"})[0].values
    assert FLAT.map({"Id": "1", "Name": None})[0].values["legal_name"] is None
    assert FLAT.map({"Id": "1", "Name": " "})[0].values["legal_name"] is None
    assert "legal_name" not in FLAT.map({"Id": "1", "Name": " "}, empty="absent")[0].values
    assert FLAT.map({"Id": "1", "Name": None}, empty="absent")[0].values["legal_name"] is None
    patch = layout("  - {entity: customer, key: Id, mode: patch, fields: {legal_name: Name}}\n")
    assert patch.map({"Id": "1", "Name": ""})[0].values == {}


def test_a_collection_is_absent_without_its_columns_and_empty_with_empty_cells() -> None:
    assert "addresses" not in FLAT.map({"Id": "1"})[0].values
    assert FLAT.map({"Id": "1", "City": "", "Ship City": ""})[0].values["addresses"] == []
    assert "addresses" not in FLAT.map({"Id": "1", "City": ""}, empty="absent")[0].values


def test_a_bad_cell_costs_its_attribute_only() -> None:
    (record,) = FLAT.map({"Id": "1", "Name": "Acme", "Start": "31/02/2026"})
    assert record.errors == (FieldError("Start", "start", "'31/02/2026' is not a date written as %d/%m/%Y"),)
    assert "start" not in record.values
    assert record.values["legal_name"] == "Acme"


@pytest.mark.parametrize("row", [{}, {"Id": ""}, {"Id": None}, {"Id": {"a": 1}}])
def test_a_row_without_a_key_says_so(row: dict[str, Any]) -> None:
    (record,) = FLAT.map(row)
    assert record.key == ""
    assert record.errors[0].attribute == "key"
    assert FLAT.keyed(row) == [("customer", "")]


def test_huge_and_nul_cells_are_errors() -> None:
    (record,) = FLAT.map({"Id": "1", "Name": "x" * 10_000_000})
    assert record.errors == (
        FieldError("Name", "legal_name", "is 10000000 characters long; the limit is 32768"),
    )
    (record,) = FLAT.map({"Id": "1", "Name": "a\0b"})
    assert record.errors == (FieldError("Name", "legal_name", "contains a NUL character"),)


NESTED = layout("""
  - entity: customer
    each: parties
    when: {contains: [roles, buyer]}
    key:
      case:
        - {when: {starts_with: [id, org-]}, then: {concat: [$root.ocid, id], sep: "/"}}
        - {else: id}
    source_version: $root.date
    fields: {legal_name: {from: [legal, name], do: [first]}, city: address.city}
  - entity: engagement
    each: awards
    key: id
    fields: {name: $root.tender.title, base_value: {from: value.amount, do: [{decimal: 2}]}}
    collections:
      skills: {each: {from: tags, do: [{split: ";"}]}, fields: {name: {from: $item, do: [{split: ":", index: 0}]}}}
""")


def test_maps_nested_lists_with_sight_of_the_root() -> None:
    row = {
        "ocid": "o1", "date": "2026", "tender": {"title": "Rollout"},
        "parties": [
            {"id": "org-1", "name": "ng homes", "roles": ["buyer"], "address": {"city": "Glasgow"}},
            {"id": "GB-1", "legal": "Acme Ltd", "name": "Acme", "roles": ["buyer"]},
            {"id": "GB-2", "roles": ["supplier"]},
        ],
        "awards": [{"id": "a1", "value": {"amount": 10.5}, "tags": "x:1;y:2"}],
    }  # fmt: skip
    records = NESTED.map(row)
    assert [(one.entity, one.key, one.values) for one in records] == [
        ("customer", "o1/org-1", {"legal_name": "ng homes", "city": "Glasgow"}),
        ("customer", "GB-1", {"legal_name": "Acme Ltd"}),
        (
            "engagement",
            "a1",
            {"name": "Rollout", "base_value": "10.50", "skills": [{"name": "x"}, {"name": "y"}]},
        ),
    ]
    assert records[0].source_version == "2026"
    assert [key for _, key in NESTED.keyed(row)] == ["o1/org-1", "GB-1", "a1"]
    assert NESTED.map({"ocid": "o2"}) == []
    assert {"parties", "awards", "ocid", "date", "tender"} <= NESTED.columns_used


LINES = layout(
    """
  - entity: invoice
    key: Tx
    collect: [lines]
    totals: {net: lines.net}
    fields: {invoice_no: Tx, bill_to: {concat: [Supplier, Postcode], reference: {entity: customer}}}
    collections:
      lines:
        - {number: $row, net: {from: Amount, do: [{decimal: 2}]}}
""",
    HEAD + "skip:\n  - {when: {absent: Tx}, reason: the row is blank}\n",
)


def test_rows_of_one_key_combine_and_add_up() -> None:
    rows = [{"Tx": "1", "Supplier": "S", "Postcode": "", "Amount": amount, "$row": number} for number, amount in
            ((2, "1,000.10"), (3, "-0.10"))]  # fmt: skip
    records = [LINES.map(row)[0] for row in rows]
    assert records[0].values["net"] == "1000.10"
    combined = LINES.combine(records)
    assert combined.values == {
        "invoice_no": "1",
        "bill_to": {"system": "toy", "key": "S|"},
        "lines": [{"number": 2, "net": "1000.10"}, {"number": 3, "net": "-0.10"}],
        "net": "1000.00",
    }
    assert LINES.uses_row_number
    assert LINES.collects
    values: dict[str, Any] = {"lines": [{"net": "1.00"}, {"net": "2.50"}]}
    LINES.add_totals(records[0], values)
    assert values["net"] == "3.50"
    assert LINES.attributes_of(records[0]) == {"invoice_no", "bill_to", "lines", "net"}


def test_skipped_rows_have_a_reason() -> None:
    assert LINES.skip_reason({"Tx": " "}) == "the row is blank"
    assert LINES.map({"Tx": ""}) == []
    assert LINES.keyed({"Tx": ""}) == []
    assert LINES.skip_reason({"Tx": "1"}) is None


def test_a_key_of_several_columns_needs_them_all_unless_told_otherwise() -> None:
    strict = layout("  - {entity: a, key: {concat: [A, B]}, fields: {}}\n")
    assert strict.keyed({"A": "x", "B": "y"}) == [("a", "x|y")]
    assert strict.keyed({"A": "x", "B": ""}) == [("a", "")]


def test_columns_with_dots_in_flat_files() -> None:
    flat = layout('  - {entity: a, key: Id, fields: {name: "Account.Name", city: "Address.City"}}\n')
    assert flat.map({"Id": "1", "Account.Name": "Acme", "Address": {"City": "Leeds"}})[0].values == {
        "name": "Acme",
        "city": "Leeds",
    }


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("layout: x.y\nsystem: x", "document", "'records' is a required property"),
        ("layout: X\nsystem: x\nrecords: []", "", "does not match|non-empty|too short"),
        (HEAD + "records: [{entity: a, key: Id}]", r"records\[0\]", "'fields' is a required property"),
        (HEAD + "records: [{entity: a, key: Id, fields: {n: {form: A}}}]", r"fields.n", "form"),
        (HEAD + "records: [{entity: a, key: Id, fields: {n: {from: A, do: [oops]}}}]", r"records\[0\].fields.n.do\[0\]",
         "no transform 'oops'"),
        (HEAD + "records: [{entity: a, key: Id, when: {is: [A, b]}, fields: {}}]", r"records\[0\].when",
         "no condition"),
        (HEAD + "records: [{entity: a, key: Id, fields: {n: 'a[x'}}]", r"records\[0\].fields.n", "not a path"),
        (HEAD + "records: [{entity: a, key: Id, fields: {n: {from: [A, B]}}}]", r"fields.n",
         "several paths need one of"),
        (HEAD + "records: [{entity: a, key: Id, collect: [x], fields: {}}]", r"records\[0\].collect", "none of the"),
        (HEAD + "records: [{entity: a, key: Id, fields: {n: A, n: B}}]", "line 3", "'n' stands twice"),
        ("layout: [", "line", "not valid YAML"),
        ("just text", "document", "must be a mapping"),
        ("!!python/object/apply:os.system ['true']", "line|document", "not valid YAML|must be a mapping"),
    ],
)  # fmt: skip
def test_documents_that_do_not_compile_say_where(text: str, where: str, problem: str) -> None:
    with pytest.raises(MappingDocumentError, match=problem) as caught:
        compile_layout(text)
    assert re.search(where, str(caught.value))


_CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(FLAT.columns_used | NESTED.columns_used | {"zz"})), _CELLS))
def test_no_row_makes_a_layout_raise(row: dict[str, Any]) -> None:
    for one in (FLAT, NESTED, LINES):
        records = one.map(row)
        assert [(record.entity, record.key) for record in records] == one.keyed(row)
