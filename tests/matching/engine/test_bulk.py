"""Ways to do the same work cheaper give the same: early ends, chunks, few records, arrays of Arrow."""

import numpy as np
import pyarrow as pa
import pytest

from apps.matching import engine
from apps.matching.engine import pruning, scoring
from apps.matching.engine.clustering import HOPELESS
from apps.matching.engine.columns import encode
from apps.matching.engine.fewkeys import FEW_RECORDS

from .cases import TYPES, companies

CONFIG = engine.default_config(TYPES, "organisation")
PERSON = engine.default_config(
    {"first": "given_name", "last": "family_name", "born": "date", "city": "city"}, "person"
)


def people(n=150):
    rng = np.random.default_rng(5)
    first, last = ["Ann", "Bob", "Carla", "Dieter", "Eva"], ["Miller", "Smith", "Okafor", "Weiss"]
    rows = []
    for k in range(n):
        given, family = first[rng.integers(5)], last[rng.integers(4)]
        names = (given, family) if k % 4 else (family, given)
        rows.append(
            (*names, f"19{rng.integers(50, 60)}-0{rng.integers(1, 9)}-11", "Leeds" if k % 3 else None)
        )
    columns = dict(zip(("first", "last", "born", "city"), map(list, zip(*rows, strict=True)), strict=True))
    return engine.Table([f"p{k}" for k in range(n)], columns)


@pytest.fixture(scope="module", params=["organisation", "person"])
def work(request):
    table, config = (companies(200)[0], CONFIG) if request.param == "organisation" else (people(), PERSON)
    prepared = engine.prepare(table, config)
    a, b = np.triu_indices(len(table), 1)
    chosen = np.arange(0, len(a), 3)
    pairs = engine.Pairs(
        a[chosen].astype(np.int32), b[chosen].astype(np.int32), np.zeros(len(chosen), np.uint64)
    )
    keys = engine.blocking_keys(prepared, config)
    model = engine.train(prepared, engine.candidate_pairs(keys, cap=30), config)
    return config, prepared, pairs, model


@pytest.mark.parametrize("least", [-40.0, HOPELESS, 0.0])
def test_an_early_end_changes_no_pair_that_reaches_the_weight(work, least):
    config, prepared, pairs, model = work
    whole = engine.score_pairs(prepared, prepared, pairs, model, config)
    short = pruning.score_hopeful(prepared, prepared, pairs, model, config, least)
    reaches = whole.weight >= least
    assert np.array_equal(short.weight >= least, reaches)
    assert np.array_equal(short.weight[reaches], whole.weight[reaches])
    assert np.array_equal(short.levels[reaches], whole.levels[reaches])
    assert np.array_equal(short.weights[reaches], whole.weights[reaches])
    assert (short.weight >= whole.weight).all()
    if least >= HOPELESS and config.kind == "organisation":
        assert (short.levels[~reaches] != whole.levels[~reaches]).any()


def test_clusters_do_not_depend_on_the_early_end(work):
    config, prepared, pairs, model = work
    whole = engine.score_pairs(prepared, prepared, pairs, model, config)
    short = pruning.score_hopeful(prepared, prepared, pairs, model, config, HOPELESS / model.slope)
    one, two = (engine.cluster(len(prepared), pairs, s, config) for s in (whole, short))
    assert np.array_equal(one, two)


def test_chunks_give_what_one_piece_gives(work, monkeypatch):
    config, prepared, pairs, model = work
    least = HOPELESS / model.slope
    whole = engine.score_pairs(prepared, prepared, pairs, model, config)
    short = pruning.score_hopeful(prepared, prepared, pairs, model, config, least)
    monkeypatch.setattr(scoring, "CHUNK", 701)
    monkeypatch.setattr(pruning, "CHUNK", 701)
    for one, two in (
        (whole, engine.score_pairs(prepared, prepared, pairs, model, config)),
        (short, pruning.score_hopeful(prepared, prepared, pairs, model, config, least)),
    ):
        for name in ("weight", "probability", "band", "levels", "weights"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_few_records_have_the_keys_they_have_among_many():
    table, _ = companies(60)
    columns = {**table.columns, "phone": [[p, "030 1234567"] if p else None for p in table.columns["phone"]]}
    table = engine.Table(table.ids, columns)
    prepared = engine.prepare(table, CONFIG)
    many = engine.blocking_keys(prepared, CONFIG)
    found = {row: set() for row in range(len(table))}
    for row, key, number in zip(many.row.tolist(), many.key.tolist(), many.pass_no.tolist(), strict=True):
        found[row].add((key, number))
    assert len(prepared) > FEW_RECORDS
    for start in range(0, len(table), 3):
        some = engine.Table(
            table.ids[start : start + 3], {c: v[start : start + 3] for c, v in table.columns.items()}
        )
        keys = engine.blocking_keys(engine.prepare(some, CONFIG), CONFIG)
        for row in range(len(some)):
            mine = keys.row == row
            own = set(zip(keys.key[mine].tolist(), keys.pass_no[mine].tolist(), strict=True))
            assert own == found[start + row]


def test_arrow_columns_are_read_as_lists_are():
    """Distinct values in another order, nulls and empty strings play no part."""
    table, _ = companies(80)
    config = CONFIG
    batch = pa.table(
        {"id": table.ids, **{c: pa.array([v or None for v in cells]) for c, cells in table.columns.items()}}
    )
    coded = {
        name: batch.column(name).combine_chunks().dictionary_encode()
        if name == "city"
        else batch.column(name)
        for name in batch.column_names
    }
    for source in (batch, pa.table(coded), batch.combine_chunks().to_batches()[0]):
        arrow = engine.Table.from_arrow(source, "id")
        assert list(arrow.ids) == list(table.ids)
        assert [list(c) for c in arrow.columns.values()] == [
            [v or None for v in c] for c in table.columns.values()
        ]
        one, two = engine.match_table(table, config), engine.match_table(arrow, config)
        assert one.model.version == two.model.version
        assert np.array_equal(one.scores.weight, two.scores.weight)
        assert np.array_equal(one.labels, two.labels)
    assert pa.array(one.scores.weight).to_numpy().tolist() == one.scores.weight.tolist()


def test_a_coded_column_is_a_sequence_of_its_cells():
    column = engine.Coded(["b", "", "a", None], np.array([2, -1, 0, 1, 3, 2], np.int32))
    assert list(column) == ["a", None, "b", "", None, "a"]
    assert column[1:3] == [None, "b"]
    values, rows, codes = encode(column)
    assert (values, rows.tolist(), codes.tolist()) == (["a", "b"], [0, 2, 5], [0, 1, 0])
    assert [x if isinstance(x, list) else x.tolist() for x in encode(list(column))] == [
        values, rows.tolist(), codes.tolist()
    ]  # fmt: skip
