"""Blocking keys are stable and independent of other records; the number of pairs is bounded."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.matching import engine
from apps.matching.engine.hashing import hash_strings

from .cases import TYPES, companies

CONFIG = engine.default_config(TYPES, "organisation")


def keys_of(table):
    return engine.blocking_keys(engine.prepare(table, CONFIG), CONFIG)


def keys_by_record(keys, row):
    chosen = keys.row == row
    return sorted(zip(keys.pass_no[chosen].tolist(), keys.key[chosen].tolist(), strict=True))


def test_keys_of_a_record_do_not_depend_on_the_others():
    table, _ = companies(40)
    together = keys_of(table)
    for k in (0, 7, 31):
        alone = engine.Table([table.ids[k]], {c: [cells[k]] for c, cells in table.columns.items()})
        assert keys_by_record(keys_of(alone), 0) == keys_by_record(together, k)
        assert keys_by_record(together, k)


def test_keys_are_the_same_in_another_process():
    program = (
        "from apps.matching import engine\n"
        "c = engine.default_config({'name': 'organisation_name', 'city': 'city'}, 'organisation')\n"
        "t = engine.Table(['a'], {'name': ['Müller Foods GmbH'], 'city': ['Köln']})\n"
        "print(sorted(engine.blocking_keys(engine.prepare(t, c), c).signed.tolist()))\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert "-" in runs.pop()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=200),
    st.integers(2, 20),
)
def test_pairs_are_bounded_unique_and_share_a_key_within_the_cap(entries, cap):
    entries = sorted(set(entries))
    rows = np.array([e[0] for e in entries], np.int32)
    keys = np.array([e[1] for e in entries], np.uint64)
    pairs = engine.candidate_pairs(engine.Keys(rows, keys, np.zeros(len(rows), np.uint8)), cap=cap)
    assert len(pairs) <= len(entries) * (cap - 1) / 2
    members = {k: {r for r, key in entries if key == k} for k in range(6)}
    expected = {(a, b) for m in members.values() if len(m) <= cap for a in m for b in m if a < b}
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected
    assert len(expected) == len(pairs)


def test_one_key_shared_by_all_makes_no_pairs():
    n = 100_000
    keys = engine.Keys(np.arange(n, dtype=np.int32), np.full(n, 7, np.uint64), np.zeros(n, np.uint8))
    assert len(engine.candidate_pairs(keys, cap=60)) == 0


def test_passes_are_remembered_as_bits_and_sides_are_kept_apart():
    rows = np.array([0, 1, 0, 1, 2], np.int32)
    keys = engine.Keys(rows, np.array([5, 5, 9, 9, 5], np.uint64), np.array([0, 0, 3, 3, 0], np.uint8))
    pairs = engine.candidate_pairs(keys, cap=10)
    assert pairs.passes.tolist() == [0b1001, 1, 1]
    apart = engine.candidate_pairs(keys, cap=10, side=np.array([0, 0, 1], np.uint8))
    assert list(zip(apart.left.tolist(), apart.right.tolist(), strict=True)) == [(0, 2), (1, 2)]


def test_an_incoming_record_finds_the_candidates_the_batch_pairs_with_it():
    table, _ = companies(60)
    keys = keys_of(table)
    pairs = engine.candidate_pairs(keys, cap=60)
    k = 31
    mine = keys.row == k
    incoming = engine.Keys(np.zeros(mine.sum(), np.int32), keys.key[mine], keys.pass_no[mine])
    rest = engine.Keys(keys.row[~mine], keys.key[~mine], keys.pass_no[~mine])
    found = set(engine.pairs_between(incoming, rest, cap=60).right.tolist())
    batch = set(pairs.left[pairs.right == k].tolist()) | set(pairs.right[pairs.left == k].tolist())
    assert found == batch
    assert found


def test_cap_is_looser_for_small_collections_only():
    assert [engine.effective_cap(60, n) for n in (100, 5_000, 20_000, 10**6)] == [480, 208, 104, 60]


def test_unknown_types_and_kinds_are_named():
    with pytest.raises(ValueError, match="unknown semantic types colour"):
        engine.default_config({"a": "colour"}, "person")
    with pytest.raises(ValueError, match="unknown kind 'thing'"):
        engine.default_config({"a": "city"}, "thing")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=30))
def test_hash_of_a_string_is_the_same_alone_and_among_many(values):
    alone = [int(hash_strings([v])[0]) for v in values]
    assert hash_strings(values * 20).tolist() == alone * 20
    assert all((h == 0) == (v == "") for h, v in zip(alone, values, strict=True))


def test_a_pair_with_one_key_only_is_left_out_where_many_hold_it():
    """Records 0 to 3 share a key; 0 and 1 a second one, of the same pass; 4 and 5 a key of their own."""
    rows = np.array([0, 1, 2, 3, 0, 1, 4, 5], np.int32)
    keys = np.array([7, 7, 7, 7, 8, 8, 9, 9], np.uint64)
    found = engine.candidate_pairs(engine.Keys(rows, keys, np.zeros(8, np.uint8)), cap=10, lone=3)
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 1), (4, 5)]
    assert len(engine.candidate_pairs(engine.Keys(rows, keys, np.zeros(8, np.uint8)), cap=10, lone=4)) == 7
