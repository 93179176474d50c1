"""The bootstrap: when it installs, what it hands to uv, and how it says what is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mdm import bootstrap
from tests.house.code import ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with empty locks and no .venv, and the bootstrap looking at it."""
    (tmp_path / "mdm").mkdir()
    for name in ("bootstrap.py", "__init__.py"):
        shutil.copy(ROOT / "mdm" / name, tmp_path / "mdm" / name)
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-installer.lock"):
        (tmp_path / "mdm" / name).write_text("")
    (tmp_path / "manage.py").write_text(
        "import sys\nfrom mdm import bootstrap\nbootstrap.enter('runtime')\n"
        "print('inside', sys.prefix, sys.argv[1:])\n"
    )
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "UNFINISHED", tmp_path / ".venv/mdm-unfinished")
    monkeypatch.setattr(
        bootstrap,
        "LOCKS",
        {"runtime": tmp_path / "mdm/requirements.lock", "dev": tmp_path / "mdm/requirements-dev.lock"},
    )
    return tmp_path


def call(checkout: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    base = {key: value for key, value in os.environ.items() if key != "MDM_NO_VENV"}
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    return subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), "manage.py", *arguments],
        cwd=checkout,
        env={**base, **offline, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lock_change_makes_the_stamp_stale(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    assert not bootstrap.is_current("runtime")
    bootstrap.mark_current("runtime")
    assert bootstrap.is_current("runtime")
    assert not bootstrap.is_current("dev")
    (checkout / "mdm/requirements.lock").write_text("new==1")
    assert not bootstrap.is_current("runtime")
    bootstrap.mark_current("dev")
    assert bootstrap.is_current("dev")
    assert bootstrap.is_current("runtime")


def test_a_current_venv_is_entered_without_installing(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    bootstrap.mark_current("runtime")
    done = call(checkout, "one", "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"inside {checkout}/.venv ['one', 'two']\n"
    assert done.stderr == ""


def test_without_packages_or_network_it_says_what_to_do(checkout: Path) -> None:
    (checkout / "mdm/requirements.lock").write_text("no-such-package-here==1 --hash=sha256:" + "0" * 64)
    done = call(checkout)
    assert done.returncode == 1
    assert "Without network access give pip a package folder: PIP_FIND_LINKS=" in done.stderr
    assert (checkout / ".venv/mdm-unfinished").exists()


def test_a_broken_venv_is_not_trusted(checkout: Path) -> None:
    assert not bootstrap.venv_works()
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/no/such/python")
    assert not bootstrap.venv_works()


@pytest.mark.full
def test_an_unfinished_venv_is_built_anew(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    (checkout / ".venv/mdm-unfinished").touch()
    (checkout / ".venv/half.txt").touch()
    call(checkout)
    assert not (checkout / ".venv/half.txt").exists()
    assert (checkout / ".venv/bin/python").exists()


def test_uv_gets_what_pip_is_configured_to_use(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = checkout / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://index.example/simple\n"
        "extra-index-url = https://one.example/simple https://two.example/simple\n"
        "cert = /etc/corporate.pem\n[install]\nfind-links = /wheels\n"
    )
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "SSL_CERT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_FIND_LINKS", "/nearer /second")
    env = bootstrap.uv_environment([sys.executable, "-m", "pip"])
    assert env["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert env["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert env["UV_FIND_LINKS"] == "/nearer,/second"
    assert env["SSL_CERT_FILE"] == "/etc/corporate.pem"
    assert env["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_what_the_user_sets_for_uv_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    env = bootstrap.uv_environment([sys.executable, "-m", "pip"])
    assert env["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_locks_are_hashed_complete_and_name_no_registry() -> None:
    pins = {}
    for kind in ("requirements", "requirements-dev", "requirements-installer"):
        text = (ROOT / f"mdm/{kind}.lock").read_text()
        assert "://" not in text
        packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in line and line.endswith("\\") for line in packages)
        assert text.count("--hash=sha256:") >= len(packages)
        pins[kind] = {line.split(" ")[0] for line in packages}
    assert pins["requirements"] <= pins["requirements-dev"]
