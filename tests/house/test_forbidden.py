"""Constructs the house does without, each with its reason in the architecture."""

import ast
import re
import tokenize
from pathlib import Path

from tests.house.code import ROOT, imported_names, place, refuse, sources, tree

OURS = ("apps", "mdm")
SIGNALS = ("django.db.models.signals", "django.dispatch", "django.core.signals", "celery.signals")
GENERIC = ("GenericForeignKey", "GenericRelation")
EAGER = re.compile(r"task_always_eager", re.IGNORECASE)
SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>.*)")
REASONED = re.compile(r"^(:\s*[A-Z0-9, ]+|\[[a-z, -]+\])\s+(-|#)\s*\S.{8,}")


def comments(path: Path) -> list[tuple[int, str]]:
    with path.open("rb") as stream:
        return [
            (token.start[0], token.string)
            for token in tokenize.tokenize(stream.readline)
            if token.type == tokenize.COMMENT
        ]


def test_no_signals() -> None:
    """Bulk writes skip them."""
    found = [
        f"{place(path, node)} {name}"
        for path in sources(*OURS)
        for node, name in imported_names(path)
        if name.startswith(SIGNALS)
    ]
    refuse(found)


def test_no_logic_in_save_or_delete() -> None:
    found = [
        place(path, method)
        for path in sources("apps")
        if path.name == "models.py" or "models" in path.parts or path.name == "model.py"
        for kind in ast.walk(tree(path))
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and method.name in ("save", "delete")
    ]
    refuse(found)


def test_no_generic_foreign_keys() -> None:
    found = [
        place(path, node)
        for path in sources(*OURS)
        for node, name in imported_names(path)
        if name.rpartition(".")[2] in GENERIC
    ]
    refuse(found)


def test_celery_is_never_eager() -> None:
    found = [place(path) for path in sources(*OURS, "tests") if EAGER.search(path.read_text())]
    assert found == [place(Path(__file__))]


def test_our_own_modules_are_imported_at_the_top() -> None:
    """An import inside a function hides a cycle; Django's `ready` exists to import."""
    found = [
        f"{place(path, node)} in {function.name}"
        for path in sources("apps")
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != "ready"
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS))
        or (isinstance(node, ast.Import) and any(alias.name.startswith(OURS) for alias in node.names))
    ]
    refuse(found)


def test_a_silenced_finding_has_its_reason() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path in sources(*OURS, "tests")
        for line, text in comments(path)
        if (match := SILENCED.search(text)) and not REASONED.match(match["rest"])
    ]
    refuse(found)
