"""The documentation speaks of what exists: links, paths, commands, excerpts and settings are looked up."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import get_commands
from django.urls import resolve

from apps.api.urls import NowhereView
from apps.connectors.mappings import compile_layout
from tests.house.code import ROOT, refuse

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OURS = ("apps", "mdm", "tests", "docs", ".ci")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
QUOTED = re.compile(r"`([^`\n]+)`")
REPO_PATH = re.compile(r"^[\w.][\w.*/-]*$")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXCERPT = re.compile(r"^# (?P<path>(?:apps|mdm|tests)/\S+)\n(?P<code>.*)\Z", re.DOTALL)
COMMAND = re.compile(r"manage\.py ([a-z]\w*)")
ADDRESS = re.compile(r"\$HUB(/api/v1/[\w/-]*)")
BODY = re.compile(r"-d '(\{.*?\})'\s*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def called(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    return FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as code hosts make them."""
    words = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(prose(page.read_text())))
    return {word.strip().replace(" ", "-") for word in words}


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (path, anchor) of every link of a page that leaves no server."""
    for found in LINK.finditer(prose(page.read_text())):
        target = found[1] or found[2]
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def quoted_paths(page: Path) -> Iterator[str]:
    """Yield what stands in backticks and looks like a path of this repository."""
    for text in QUOTED.findall(prose(page.read_text())):
        path = text.partition("::")[0]
        if REPO_PATH.match(path) and "/" in path and path.split("/")[0] in OURS:
            yield path.rstrip("/")


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            lost.append(f"{called(page)}: {path}")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            lost.append(f"{called(page)}: {path}#{anchor}")
    refuse(lost)


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_paths_exist(page: Path) -> None:
    refuse(f"{called(page)}: {path}" for path in quoted_paths(page) if not any(ROOT.glob(path)))


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_commands_exist(page: Path) -> None:
    known = get_commands()
    refuse(f"{called(page)}: {name}" for name in COMMAND.findall(page.read_text()) if name not in known)


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_excerpts_are_what_the_file_says(page: Path) -> None:
    """A block of code that begins with the path of a file stands in that file, line by line."""
    changed = []
    for _, block in FENCE.findall(page.read_text()):
        if found := EXCERPT.match(block):
            path = ROOT / found["path"]
            if not path.exists() or found["code"].strip("\n") not in path.read_text():
                changed.append(f"{called(page)}: {found['path']}")
    refuse(changed)


def test_layouts_shown_compile() -> None:
    shown = [
        block
        for page in PAGES
        for language, block in FENCE.findall(page.read_text())
        if language == "yaml" and block.startswith("layout:")
    ]
    names = [compile_layout(block).name for block in shown]
    assert "hubspot.companies" in names


def test_requests_shown_go_somewhere() -> None:
    text = (ROOT / "docs/api.md").read_text()
    addresses = [re.sub(r"[A-Z]+_ID", str(UUID(int=0)), each) for each in ADDRESS.findall(text)]
    assert len(addresses) > 10
    views = {each: getattr(resolve(each).func, "cls", None) for each in addresses}
    refuse(each for each, view in views.items() if view is NowhereView)
    assert all(isinstance(json.loads(body), dict) for body in BODY.findall(text))


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "python3 manage.py up\n" in text
    assert "python3 manage.py test\n" in text


def test_every_setting_of_the_environment_is_described() -> None:
    modules = [path for path in (ROOT / "mdm/settings").glob("*.py") if path.stem != "test"]
    settings = "".join(path.read_text() for path in modules)
    names = set(re.findall(r"env(?:\.\w+)?\(\s*\"(\w+)\"", settings))
    described = (ROOT / "docs/runbook.md").read_text()
    assert len(names) > 10
    refuse(name for name in sorted(names) if f"`{name}`" not in described)
