"""Differences between texts: nothing is lost, what differs is marked, word by word and letter by letter."""

from hypothesis import given
from hypothesis import strategies as st

from apps.console.differences import compare_lists, compare_texts


def test_letters_of_words_that_are_alike_are_marked() -> None:
    found = compare_texts("name", "Jonathan Smith", "Johnathan Smith")
    assert (found.kind, found.left) == ("differs", ((False, "Jo"), (False, "nathan"), (False, " Smith")))
    assert found.right == ((False, "Jo"), (True, "h"), (False, "nathan"), (False, " Smith"))


def test_words_that_are_not_alike_are_marked_whole() -> None:
    found = compare_texts("street", "37 Bd du Moulin", "37 boulevard du Moulin")
    assert found.left == ((False, "37 "), (True, "Bd"), (False, " du Moulin"))
    assert found.right == ((False, "37 "), (True, "boulevard"), (False, " du Moulin"))


def test_texts_that_are_not_alike_are_marked_as_a_whole() -> None:
    assert compare_texts("x", "Acme", "Zephyr Mills").left == ((True, "Acme"),)


def test_what_is_on_one_side_only_is_told() -> None:
    assert compare_texts("x", "", "there").kind == "right"
    assert compare_texts("x", "there", "").kind == "left"
    assert compare_texts("x", "", "").kind == "empty"


def test_letter_case_counts_as_no_difference() -> None:
    assert all(not differs for differs, _ in compare_texts("x", "ACME Ltd", "Acme LTD").left)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_each_side_are_the_side(left: str, right: str) -> None:
    found = compare_texts("x", left, right)
    assert "".join(text for _, text in found.left) == left
    assert "".join(text for _, text in found.right) == right


def test_common_items_of_lists_come_first() -> None:
    rows = compare_lists("x", ["a", "b"], ["c", "b", "d"])
    assert [(row.kind, row.left, row.right) for row in rows] == [
        ("same", ((False, "b"),), ((False, "b"),)),
        ("differs", ((True, "a"),), ((True, "c"),)),
        ("right", (), ((False, "d"),)),
    ]
