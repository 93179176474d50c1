"""What the house tests look at: our modules, their source and the import graph."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOTS = ("apps", "mdm")


def sources(*folders: str) -> Iterator[Path]:
    """Our Python files below `folders`, generated migrations left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "__pycache__" not in path.parts:
                yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    """`path:line` as a message starts with it."""
    line = getattr(node, "lineno", 1) if node else 1
    return f"{path.relative_to(ROOT)}:{line}"


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOTS, cache_dir=None)


def imported_names(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a file as (node, dotted name), inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def refuse(findings: Iterable[str]) -> None:
    """Fail the test with every finding on a line of its own."""
    found = list(findings)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
