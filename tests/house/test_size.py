"""Files stay short and say what they are for."""

import ast

import pytest

from tests.house.code import place, refuse, sources, tree

LONGEST_FILE = 400
BAD_NAMES = {
    "utils",
    "util",
    "helper",
    "helpers",
    "manager",
    "managers",
    "sync",
    "process",
    "data",
    "info",
    "misc",
}


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{place(path)} {lines} lines"
        for path in sources("apps", "mdm", "tests")
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    ]
    refuse(long)


def test_every_module_says_in_one_line_what_it_is_for() -> None:
    silent = [
        place(path)
        for path in sources("apps", "mdm", "tests")
        if tree(path).body and not (ast.get_docstring(tree(path)) or "").split("\n")[0].strip()
    ]
    refuse(silent)


def test_modules_have_names_that_say_something() -> None:
    refuse(place(path) for path in sources("apps", "mdm") if path.stem in BAD_NAMES)


@pytest.mark.parametrize("folder", ["apps", "mdm"])
def test_the_walk_sees_files(folder: str) -> None:
    assert len(list(sources(folder))) > 10
